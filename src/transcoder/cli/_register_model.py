"""`transcoder register model` and `transcoder register transcoder`."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from transcoder.cli._options import LicenceOption, json_mapping, pairs, say_commit
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
)
from transcoder.vocabulary import JsonValue, Score, SegmentKind

if TYPE_CHECKING:
    from transcoder.workflows import Codec

ModelArgument = Annotated[str, typer.Argument(help="The id; may have several segments.")]
SourceArgument = Annotated[str, typer.Argument(help="What it takes, such as 'tokens<EnTTS>'.")]
TargetArgument = Annotated[str, typer.Argument(help="What it gives, such as '{EnTTS}'.")]
OnnxArgument = Annotated[Path | None, typer.Argument(help="The file.")]
NameOption = Annotated[
    list[str] | None,
    typer.Option("--name", help="A tensor's name in the spec and in the file: hidden=h."),
]
OriginOption = Annotated[str, typer.Option(help="Where the file comes from, for people.")]
ScoreOption = Annotated[
    list[str] | None, typer.Option("--score", help="A measurement: test/retention=0.98.")
]
LineageOption = Annotated[str, typer.Option(help="How it was made, as a JSON object.")]
CurrentOption = Annotated[
    bool, typer.Option("--current/--beside", help="Whether paths shall take it.")
]
MeasureOption = Annotated[
    bool, typer.Option("--measure", help="Run it now, and add how long one row takes.")
]


def register_model(
    model: ModelArgument,
    source: SourceArgument,
    target: TargetArgument,
    onnx: Annotated[Path, typer.Argument(help="The file.")],
    codec: Annotated[
        str | None,
        typer.Option(
            help="The program at the end that is content, as JSON: "
            '{"tensors": "tokens<EnTTS>", "oracle_type": ..., "entry_point": ...}.'
        ),
    ] = None,
    name: NameOption = None,
    licence: LicenceOption = "",
    origin: OriginOption = "",
    score: ScoreOption = None,
    lineage: LineageOption = "{}",
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    make_current: CurrentOption = True,
    measure: MeasureOption = False,
    as_json: JsonOption = False,
) -> None:
    """Register one segment of a network, with the program beside it if one is given."""
    names, scores = pairs(name, "--name"), _scores(score)
    made, given = json_mapping(lineage, "--lineage"), _codec(codec)
    with middleware(registry, create=True) as opened, opened.transaction() as changes:
        changes.register_model(
            model,
            source,
            target,
            onnx,
            codec=given,
            names=names,
            licence=licence,
            origin=origin,
            scores=scores,
            lineage=made,
            make_current=make_current,
            measure=measure,
        )
        say_commit(changes.commit(), as_json=as_json)


def register_transcoder(
    model: ModelArgument,
    source: Annotated[str, typer.Argument(help="The latent that it takes: '{EnTTS}'.")],
    target: Annotated[str, typer.Argument(help="The latent that it gives: 'text_latent'.")],
    onnx: Annotated[
        Path | None, typer.Argument(help="The file; none if it is yet to be trained.")
    ] = None,
    name: NameOption = None,
    licence: LicenceOption = "",
    origin: OriginOption = "",
    score: ScoreOption = None,
    lineage: LineageOption = "{}",
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    make_current: CurrentOption = True,
    measure: MeasureOption = False,
    as_json: JsonOption = False,
) -> None:
    """Register a transcoder between two latents, or declare one that is yet to be trained."""
    names, scores = pairs(name, "--name"), _scores(score)
    made = json_mapping(lineage, "--lineage")
    with middleware(registry, create=True) as opened, opened.transaction() as changes:
        changes.register_model(
            model,
            source,
            target,
            onnx,
            kind=SegmentKind.TRANSCODER,
            names=names,
            licence=licence,
            origin=origin,
            scores=scores,
            lineage=made,
            make_current=make_current,
            measure=measure,
        )
        say_commit(changes.commit(), as_json=as_json)


def _scores(texts: list[str] | None) -> list[Score]:
    found = []
    for name, text in pairs(texts, "--score").items():
        try:
            found.append(Score(name, float(text), rows=0))
        except ValueError as error:
            message = f"{text!r} is not a number"
            raise typer.BadParameter(message, param_hint="--score") from error
    return found


def _codec(text: str | None) -> "Codec | None":
    from transcoder.workflows import Codec

    if text is None:
        return None
    found = dict(json_mapping(text, "--codec"))
    known = {each.name for each in fields(Codec)}
    lacking = {"tensors", "oracle_type", "entry_point"} - found.keys()
    faults = [f"the key {each!r} is unknown" for each in sorted(found.keys() - known)]
    faults += [f"the key {each!r} is missing" for each in sorted(lacking)]
    faults += [
        f"{key!r} is {found[key]!r}, not {wanted}"
        for key, (is_right, wanted) in _STRUCTURES.items()
        if key in found and not is_right(found[key])
    ]
    if faults:
        raise typer.BadParameter("; ".join(faults), param_hint="--codec")
    texts = {key: str(value) for key, value in found.items() if key in _TEXTS}
    parameters = cast("Mapping[str, JsonValue]", found.get("parameters", {}))
    return Codec(**texts, spec=_listed(found.get("spec", [])), parameters=parameters)


def _listed(spec: JsonValue) -> tuple[str, ...]:
    """Read a spec that may be one text alone."""
    return (spec,) if isinstance(spec, str) else tuple(cast("list[str]", spec))


def _is_spec(value: JsonValue) -> bool:
    texts = [value] if isinstance(value, str) else value
    return isinstance(texts, list) and all(isinstance(each, str) for each in texts)


_STRUCTURES: Mapping[str, tuple[Callable[[JsonValue], bool], str]] = {
    "spec": (_is_spec, "a list of texts"),
    "parameters": (lambda value: isinstance(value, dict), "an object"),
}
_TEXTS = frozenset({"tensors", "oracle_type", "entry_point", "version", "name", "licence"})
