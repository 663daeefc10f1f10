"""`transcoder get-model`."""

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
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the ONNX model.")],
    source: FromOption = None,
    target: ToOption = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="By default the current one.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the ONNX file of one segment of a model."""
    from transcoder.files import write_whole
    from transcoder.workflows import describe_segment

    with middleware(registry) as opened:
        segment, onnx = opened.get_model(model, source, target, version)
        write_whole(output, onnx)
        if as_json:
            print_json({"output": str(output), **describe_segment(segment)})
            return
        said = f"wrote {segment.key} #{segment.version} to {output}, {len(onnx):,} bytes"
        out.print(said, highlight=False, markup=False, soft_wrap=True)
