"""`transcoder init`."""

from pathlib import Path
from typing import Annotated

import typer

from transcoder.cli._session import JsonOption, failing_in_one_sentence, out, print_json


def init(
    folder: Annotated[Path, typer.Argument(help="Where the world is to be.")],
    files: Annotated[list[Path], typer.Argument(help="ONNX files; their names become ids.")],
    rows: Annotated[
        list[Path] | None,
        typer.Option(help="Rows for each network, .npy or .npz, in the same order."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Propose a world file for your own networks, from what their files say."""
    from transcoder.workflows import scaffold

    with failing_in_one_sentence():
        place = scaffold(folder, files, rows or ())
        if as_json:
            print_json({"world": str(place)})
            return
        said = f"wrote {place}; it can be applied: transcoder apply {place}"
        out.print(said, highlight=False, markup=False, soft_wrap=True)
