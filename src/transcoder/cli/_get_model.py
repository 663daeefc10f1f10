"""`transcoder get-model`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from transcoder.cli._options import FromOption, ToOption
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)


def get_model(
    model: Annotated[str, typer.Argument(help="The id.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File for the ONNX model, or the card."),
    ] = None,
    source: FromOption = None,
    target: ToOption = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="By default the current one.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    card: Annotated[
        bool, typer.Option("--card", help="The model card instead, as Markdown with YAML.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the ONNX file of one segment of a model, or its model card for the Hub."""
    from transcoder.files import write_whole
    from transcoder.workflows import describe_segment

    if output is None and not card:
        message = "say where to: -o FILE"
        raise typer.BadParameter(message, param_hint="--output")
    with middleware(registry) as opened:
        segment, content = opened.get_model(model, source, target, version)
        if card:
            content = opened.get_card(model, source, target, version).encode()
        if output is None and as_json:
            print_json({"card": content.decode(), **describe_segment(segment)})
            return
        if output is None:
            sys.stdout.write(content.decode())
            return
        write_whole(output, content)
        if as_json:
            print_json({"output": str(output), **describe_segment(segment)})
            return
        said = f"wrote {segment.key} #{segment.version} to {output}, {len(content):,} bytes"
        out.print(said, highlight=False, markup=False, soft_wrap=True)
