"""`transcoder convert`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from transcoder.cli._options import (
    DifferentiableOption,
    ExcludeOption,
    ForbidOption,
    OraclesOption,
    PreferOption,
    ViaOption,
    WeightOption,
    preference,
)
from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    AllowOption,
    JsonOption,
    RegistryOption,
    middleware,
    print_json,
)
from transcoder.vocabulary import EdgePath, JsonValue, Value, Waveform

if TYPE_CHECKING:
    from transcoder.workflows import Middleware


def convert(
    value: Annotated[
        str, typer.Argument(help="A text, a number, a file, or - for text on standard input.")
    ],
    source: Annotated[str, typer.Option("--from", help="What the value is: 'text<en>'.")],
    target: Annotated[str, typer.Option("--to", help="What it is to become: 'text<de>'.")],
    via: ViaOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File for the result, such as out.wav."),
    ] = None,
    gradients: Annotated[
        Path | None,
        typer.Option(help="File for gradients along the last differentiable run: out.npz."),
    ] = None,
    cotangent: Annotated[
        Path | None,
        typer.Option(help="File of weights at the end of that run: .npz or .npy; else ones."),
    ] = None,
    allow: AllowOption = None,
    prefer: PreferOption = "balanced",
    weight: WeightOption = None,
    exclude: ExcludeOption = None,
    forbid_licence: ForbidOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    oracles: OraclesOption = True,
    differentiable: DifferentiableOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take one value from one modality to another along the best path."""
    from transcoder.serving import read_value, write_value
    from transcoder.workflows import licences_of

    with middleware(registry, allow=allow) as opened:
        wanted = preference(
            prefer,
            weight,
            forbidden=forbid_licence,
            exclude=exclude,
            oracles=oracles,
            differentiable=differentiable,
        )
        path = opened.get_path(source, target, tuple(via or ()), wanted)
        text = sys.stdin.read().strip() if value == "-" else value
        entry = opened.catalog.entry(path.source)
        payload = opened.catalog.modality_type(path.source).payload
        given = read_value(text, None if entry.spec else payload)
        said: dict[str, JsonValue] = {}
        if gradients is None and cotangent is None:
            result = opened.convert(given, path)
        else:
            result, said = _with_gradients(opened, given, path, (gradients, cotangent))
        if output is not None:
            write_value(result, output)
        shown = str(output) if output is not None else _plain(result)
        if as_json:
            licences = list(licences_of(path))
            print_json({"result": shown, "path": str(path), "licences": licences, **said})
        elif output is not None:
            sys.stdout.write(f"wrote {shown}\n")
        elif isinstance(shown, str | int):
            sys.stdout.write(f"{shown}\n")
        else:
            print_json({"result": shown})


def _with_gradients(
    opened: "Middleware", value: Value, path: EdgePath, files: tuple[Path | None, Path | None]
) -> tuple[Value, dict[str, JsonValue]]:
    from transcoder.serving import read_tensors, write_value

    output, weights = files
    if output is None:
        message = "--cotangent weighs gradients; say with --gradients where to write them"
        raise typer.BadParameter(message)
    cotangent = None if weights is None else read_tensors(weights)
    found = opened.convert(value, path, return_gradients=True, cotangent=cotangent)
    write_value(found.gradients, output)
    ends = f"of {found.target} with respect to {found.source}"
    sys.stderr.write(f"wrote the gradients {ends} to {output}\n")
    said: JsonValue = {
        "file": str(output), "source": str(found.source), "target": str(found.target),
    }  # fmt: skip
    return found.value, {"gradients": said}


def _plain(value: Value) -> JsonValue:
    if isinstance(value, Waveform):
        seconds = len(value.samples) / value.rate_hz
        return f"{seconds:.2f} s of sound at {value.rate_hz} Hz; write it with -o out.wav"
    if isinstance(value, np.ndarray):
        return _numbers(value)
    if isinstance(value, Mapping):
        return {name: _numbers(each) for name, each in value.items()}
    return value


def _numbers(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> JsonValue:
    listed: JsonValue = array.tolist()
    return listed
