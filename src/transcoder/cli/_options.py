"""Options that several verbs share, and how their texts are read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, cast

import typer

from transcoder.cli._session import out, print_json
from transcoder.registry import Commit
from transcoder.vocabulary import JsonValue

if TYPE_CHECKING:
    from transcoder.planner import Preference

LicenceOption = Annotated[str, typer.Option("--licence", help="SPDX identifier: Apache-2.0.")]
FromOption = Annotated[
    str | None, typer.Option("--from", help="Where it begins, if that is not clear.")
]
ToOption = Annotated[str | None, typer.Option("--to", help="Where it ends, likewise.")]


ViaOption = Annotated[
    list[str] | None,
    typer.Option("--via", help="A model, oracle or modality on the way; may be repeated."),
]
ForbidOption = Annotated[
    list[str] | None,
    typer.Option(
        "--forbid-licence",
        help="A licence that nothing on the way may have: GPL-3.0-or-later, or unknown.",
    ),
]
PreferOption = Annotated[
    str,
    typer.Option(
        "--prefer",
        help="balanced, fast, quality, short or small, or a YAML file of weights of your own.",
    ),
]
WeightOption = Annotated[
    list[str] | None,
    typer.Option("--weight", help="One weight: quality=2, latency, size or hops; repeated."),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option("--exclude", help="A model or oracle to leave out; may be repeated."),
]
OraclesOption = Annotated[
    bool, typer.Option("--oracles/--no-oracles", help="Whether programs may stand on it.")
]
DifferentiableOption = Annotated[
    bool, typer.Option("--differentiable", help="Gradients must pass from end to end.")
]


def preference(
    prefer: str = "balanced",
    weight: Sequence[str] | None = None,
    *,
    forbidden: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    oracles: bool = True,
    differentiable: bool = False,
) -> "Preference":
    """Say what is wanted of a path; what an option asks for is added to what the name has."""
    from transcoder.workflows import read_preference

    found = read_preference(prefer, _numbers(pairs(weight, "--weight"), "--weight"))
    return replace(
        found,
        allow_oracles=found.allow_oracles and oracles,
        differentiable_only=found.differentiable_only or differentiable,
        exclude=found.exclude | frozenset(exclude or ()),
        forbid_licences=found.forbid_licences | frozenset(forbidden or ()),
    )


def _numbers(texts: Mapping[str, str], option: str) -> dict[str, float]:
    try:
        return {name: float(text) for name, text in texts.items()}
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def say_commit(commit: Commit, *, as_json: bool, is_preview: bool = False) -> None:
    """Print what a commit did, or would do."""
    from transcoder.workflows import describe_commit

    if as_json:
        print_json(describe_commit(commit))
        return
    would = "nothing was written; it would be " if is_preview else ""
    said = f"{would}revision {commit.revision}: {len(commit.changed)} changes"
    out.print(said, highlight=False)
    for change in commit.changed if is_preview else ():
        out.print(f"  {change}", highlight=False, markup=False)
    verb = "would retire" if is_preview else "retired"
    for key in commit.retired:
        said = f"{verb} {key}: it ends in a latent that nothing else touches"
        out.print(said, highlight=False, markup=False)
    for key in commit.left_behind:
        said = f"left behind {key}: the latent has a newer version"
        out.print(said, highlight=False, markup=False)


def json_mapping(text: str, option: str) -> Mapping[str, JsonValue]:
    """Read an option that is a JSON object; anything else is wrong usage."""
    try:
        found = json.loads(text)
    except ValueError as error:
        message = f"it is not JSON: {error}"
        raise typer.BadParameter(message, param_hint=option) from error
    if not isinstance(found, dict):
        message = f'{text!r} is not a JSON object; write it like {{"key": "value"}}'
        raise typer.BadParameter(message, param_hint=option)
    return cast("Mapping[str, JsonValue]", found)


def pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """Read an option that is repeated and written `left=right`."""
    found: dict[str, str] = {}
    for text in texts or ():
        left, equals, right = text.partition("=")
        if not equals or not left or not right:
            message = f"{text!r} is not of the form left=right"
            raise typer.BadParameter(message, param_hint=option)
        found[left] = right
    return found
