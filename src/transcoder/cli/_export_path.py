"""`transcoder export-path`."""

from pathlib import Path
from typing import Annotated

import typer

from transcoder.cli._options import ForbidOption, preference
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)


def export_path(
    source: Annotated[str, typer.Argument(help="Where to begin, such as 'text<en>'.")],
    target: Annotated[str, typer.Argument(help="Where to end, such as 'speech<en>'.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the ONNX model.")],
    via: Annotated[
        list[str] | None,
        typer.Option("--via", help="A model, oracle or modality on the way; may be repeated."),
    ] = None,
    forbid_licence: ForbidOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the networks of a path as one ONNX file, compared with the path before."""
    from transcoder.files import write_whole
    from transcoder.workflows import describe_path_file

    with middleware(registry) as opened:
        wanted = preference(forbidden=forbid_licence)
        path = opened.get_path(source, target, tuple(via or ()), wanted)
        found = opened.export_path(path)
        write_whole(output, found.onnx)
        if as_json:
            print_json({"output": str(output), **describe_path_file(found)})
            return
        lines = [f"wrote {output}, {len(found.onnx):,} bytes: {found.path}"]
        lines += [f"takes {each}" for each in found.signature.inputs]
        lines += [f"gives {each}" for each in found.signature.outputs]
        lines += [f"left out, run it before: {each}" for each in found.before]
        lines += [f"left out, run it after: {each}" for each in found.after]
        lines.append(f"differs from the path by {found.difference:.2g} at most on random rows")
        for line in lines:
            out.print(line, highlight=False, markup=False, soft_wrap=True)
