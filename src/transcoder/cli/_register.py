"""`transcoder register ...`: everything but models."""

from typing import Annotated, cast

import typer

from transcoder.cli._options import LicenceOption, json_mapping, pairs, say_commit
from transcoder.cli._register_model import register_model, register_transcoder
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
)
from transcoder.vocabulary import Exactness, Payload, SplitShares

register = typer.Typer(
    no_args_is_help=True, help="Register one thing, in one transaction; see also apply."
)
register.command("model")(register_model)
register.command("transcoder")(register_transcoder)


@register.command("modality-type")
def modality_type(
    name: Annotated[str, typer.Argument(help="Such as 'logits'.")],
    parameter: Annotated[
        list[str] | None, typer.Option(help="A variable of it: V; may be repeated.")
    ] = None,
    payload: Annotated[
        Payload | None, typer.Option(help="What its values are, if no spec carries them.")
    ] = None,
    scored_against: Annotated[
        list[str] | None,
        typer.Option(help="What judges or trains it: 'cross_entropy: tokens<V>'."),
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register a family of content, with its parameters and what scores it."""
    with middleware(registry, create=True) as opened:
        commit = opened.register_modality_type(
            name, parameter or (), payload, scored_against or ()
        )
        say_commit(commit, as_json=as_json)


@register.command("modality")
def modality(
    name: Annotated[
        str, typer.Argument(help="'text<en>', 'text_latent@1', '{EnTTS}', a UUID.")
    ],
    spec: Annotated[
        list[str] | None,
        typer.Option(help="A tensor that carries it: 'hidden: float32[batch, 96]'."),
    ] = None,
    founder: Annotated[
        str | None, typer.Option(help="The model that defines the space of a standard latent.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register a modality type with its arguments, or a latent."""
    with middleware(registry, create=True) as opened:
        commit = opened.register_modality(name, (), spec or (), founder=founder)
        say_commit(commit, as_json=as_json)


@register.command("oracle-type")
def oracle_type(
    name: Annotated[str, typer.Argument(help="Such as 'tokenizer'.")],
    source: Annotated[str, typer.Argument(help="What it takes: 'text<L>'.")],
    target: Annotated[str, typer.Argument(help="What it gives: 'tokens<V>'.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    exact: Annotated[
        bool,
        typer.Option("--exact/--synthetic", help="Whether its pairs are as good as real ones."),
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Register what a family of programs promises, with variables."""
    exactness = Exactness.EXACT if exact else Exactness.SYNTHETIC
    with middleware(registry, create=True) as opened:
        commit = opened.register_oracle_type(name, source, target, exactness)
        say_commit(commit, as_json=as_json)


@register.command("oracle")
def oracle(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The promise that it keeps.")],
    entry_point: Annotated[str, typer.Argument(help="The program, module:Class.")],
    version: Annotated[str, typer.Argument(help="Its version, part of its identity.")],
    source: Annotated[
        str | None, typer.Option("--from", help="Needed if its type has variables.")
    ] = None,
    target: Annotated[str | None, typer.Option("--to", help="Likewise.")] = None,
    name: Annotated[str, typer.Option(help="By default that of its type.")] = "",
    parameters: Annotated[str, typer.Option(help="Its arguments, as a JSON object.")] = "{}",
    licence: LicenceOption = "",
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register a program between two modalities."""
    arguments = json_mapping(parameters, "--parameters")
    with middleware(registry, create=True) as opened:
        commit = opened.register_oracle(
            type_,
            entry_point,
            version,
            arguments,
            name=name,
            source=source,
            target=target,
            licence=licence,
        )
        say_commit(commit, as_json=as_json)


@register.command("dataset-type")
def dataset_type(
    name: Annotated[str, typer.Argument(help="Such as 'parallel_text'.")],
    modalities: Annotated[list[str], typer.Argument(help="Of its columns: 'text<A>' ...")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register what a family of datasets promises, with variables."""
    with middleware(registry, create=True) as opened:
        say_commit(opened.register_dataset_type(name, *modalities), as_json=as_json)


@register.command("dataset")
def dataset(
    name: Annotated[str, typer.Argument(help="Unique in the registry.")],
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The promise that it keeps.")],
    source: Annotated[
        str,
        typer.Option(help='Where its rows are, as JSON: {"loader": "huggingface", ...}.'),
    ],
    column: Annotated[
        list[str], typer.Option(help="A column and its modality, english=text<en>, in order.")
    ],
    group: Annotated[
        str, typer.Option(help="The column whose equal values stay in one split.")
    ] = "",
    stratum: Annotated[
        str | None, typer.Option(help="The column by which scores are also shown.")
    ] = None,
    shares: Annotated[
        str, typer.Option(help='As JSON: {"test": 0.1, "validation": 0.1, "salt": ""}.')
    ] = "{}",
    licence: LicenceOption = "",
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Register rows of paired values."""
    where, columns = json_mapping(source, "--source"), pairs(column, "--column")
    with middleware(registry, create=True) as opened:
        commit = opened.register_dataset(
            name,
            type_,
            where,
            columns,
            group=group,
            stratum=stratum,
            shares=_shares(shares),
            licence=licence,
        )
        say_commit(commit, as_json=as_json)


def _shares(text: str) -> SplitShares:
    found = json_mapping(text, "--shares")
    unknown = found.keys() - {"test", "validation", "salt"}
    numbers = (found.get("test", 0.12), found.get("validation", 0.08))
    if unknown or not all(isinstance(each, int | float) for each in numbers):
        message = f"{text!r} is not like {{'test': 0.1, 'validation': 0.1, 'salt': ''}}"
        raise typer.BadParameter(message, param_hint="--shares")
    test, validation = cast("tuple[float, float]", numbers)
    return SplitShares(test, validation, str(found.get("salt", "")))
