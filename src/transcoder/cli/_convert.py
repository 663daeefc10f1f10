"""`transcoder convert`."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, final

import numpy as np
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from typing_extensions import override

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
    failing_in_one_sentence,
    middleware,
    print_json,
)
from transcoder.cli._standard import from_standard_input, to_standard_output
from transcoder.vocabulary import EdgePath, JsonValue, Modality, Payload, Value, Waveform

if TYPE_CHECKING:
    from transcoder.workflows import Middleware


def convert(
    value: Annotated[
        str, typer.Argument(help="A text, a number, a file, or - for standard input.")
    ],
    source: Annotated[str, typer.Option("--from", help="What the value is: 'text<en>'.")],
    target: Annotated[str, typer.Option("--to", help="What it is to become: 'text<de>'.")],
    via: ViaOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File for the result: out.wav; - for standard output.",
        ),
    ] = None,
    gradients: Annotated[
        Path | None,
        typer.Option(help="File for gradients along the last differentiable run: out.npz."),
    ] = None,
    cotangent: Annotated[
        Path | None,
        typer.Option(help="File of weights at the end of that run: .npz or .npy; else ones."),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Of a Parquet file of rows; the first by default.")
    ] = None,
    threads: Annotated[
        int,
        typer.Option(min=0, help="Threads within an operator; 0: ONNX Runtime chooses."),
    ] = 0,
    provider: Annotated[
        list[str] | None,
        typer.Option(help="Execution provider, best first: CUDAExecutionProvider."),
    ] = None,
    session_mib: Annotated[
        int, typer.Option(min=0, help="MiB of ONNX files that are kept loaded at one time.")
    ] = 2048,
    oracle_limit: Annotated[
        float, typer.Option(help="Seconds that an oracle may take for one list of values.")
    ] = 300.0,
    allow: AllowOption = None,
    prefer: PreferOption = "balanced",
    weight: WeightOption = None,
    exclude: ExcludeOption = None,
    forbid_licence: ForbidOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    *,
    rows: Annotated[
        bool, typer.Option("--rows", help="The file holds many: .npy, .parquet, or lines.")
    ] = False,
    confidence: Annotated[
        bool,
        typer.Option("--confidence", help="How familiar the value is to each transcoder."),
    ] = False,
    oracles: OraclesOption = True,
    differentiable: DifferentiableOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take one value, or every row of a file, to another modality along the best path."""
    from transcoder.serving import ServingSettings

    is_piped = output == Path("-") and not rows
    _refuse(
        {
            "--confidence": confidence and bool(rows or gradients or cotangent),
            "--output": is_piped and as_json,
            "--gradients": rows and gradients is not None,
            "--cotangent": rows and cotangent is not None,
            "--column": column is not None and not rows,
        }
    )
    with failing_in_one_sentence():
        serving = ServingSettings(
            threads=threads,
            providers=tuple(provider or ("CPUExecutionProvider",)),
            byte_limit=session_mib * 2**20,
            oracle_limit_s=oracle_limit,
        )
    with middleware(registry, allow=allow, serving=serving) as opened:
        wanted = preference(
            prefer,
            weight,
            forbidden=forbid_licence,
            exclude=exclude,
            oracles=oracles,
            differentiable=differentiable,
        )
        path = opened.get_path(source, target, tuple(via or ()), wanted)
        if rows:
            _with_rows(opened, value, path, (output, column), as_json=as_json)
            return
        given = _given(opened, path, value)
        if confidence:
            result, said = _with_confidence(opened, given, path)
        else:
            result, said = _with_gradients(opened, given, path, (gradients, cotangent))
        if is_piped:
            to_standard_output(result, _payload(opened, path.target))
        else:
            _give(result, output, path, said, as_json=as_json)


_WRONG_USAGE = {
    "--confidence": "it is told of one value without gradients; leave out the other options",
    "--output": "the value would stand between the JSON; name a file for it",
    "--gradients": "they are taken of one value; leave out --rows",
    "--cotangent": "it weighs the gradients of one value; leave out --rows",
    "--column": "it is of a file of rows; add --rows",
}


def _refuse(wrong: Mapping[str, bool]) -> None:
    """Refuse options that do not go together."""
    for option, is_wrong in wrong.items():
        if is_wrong:
            raise typer.BadParameter(_WRONG_USAGE[option], param_hint=option)


def _give(
    result: Value,
    output: Path | None,
    path: EdgePath,
    said: Mapping[str, JsonValue],
    *,
    as_json: bool,
) -> None:
    """Write the value to its file, if there is one, and tell of it."""
    from transcoder.serving import write_value
    from transcoder.workflows import licences_of

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


def _given(opened: "Middleware", path: EdgePath, value: str) -> Value:
    """Read the value from the command line, from a file, or from standard input."""
    from transcoder.serving import fitted, read_value

    spec, payload = opened.catalog.entry(path.source).spec, _payload(opened, path.source)
    found = from_standard_input(payload) if value == "-" else read_value(value, payload)
    if spec is None:
        return found
    if len(spec.tensors) == 1 and isinstance(found, np.ndarray):
        found = {spec.names[0]: found}
    return fitted(found, spec) if isinstance(found, Mapping) else found


def _payload(opened: "Middleware", modality: Modality) -> Payload | None:
    """What values of a modality are; None where tensors carry them."""
    has_spec = opened.catalog.entry(modality).spec is not None
    return None if has_spec else opened.catalog.modality_type(modality).payload


def _with_rows(
    opened: "Middleware",
    place: str,
    path: EdgePath,
    options: tuple[Path | None, str | None],
    *,
    as_json: bool,
) -> None:
    output, column = options
    if output == Path("-"):
        output = None
    if as_json and output is None:
        message = "rows would stand between the JSON; name a file for them"
        raise typer.BadParameter(message, param_hint="--output")
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(_RateColumn(), TimeRemainingColumn()),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("rows", total=None)
        done = opened.convert_rows(
            place,
            path,
            output,
            column=column,
            advance=lambda at, count: progress.update(task, completed=at, total=count),
        )
    if as_json:
        print_json({"rows": done, "result": str(output), "path": str(path)})
    elif output is not None:
        sys.stdout.write(f"wrote {done:,} rows to {output}\n")


@final
class _RateColumn(ProgressColumn):
    """How many rows a second."""

    @override
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f} rows/s")


def _with_confidence(
    opened: "Middleware", value: Value, path: EdgePath
) -> tuple[Value, dict[str, JsonValue]]:
    found = opened.convert(value, path, confidence=True)
    for each in found.confidence:
        sys.stderr.write(f"{each}\n")
    told: list[JsonValue] = [asdict(each) for each in found.confidence]
    return found.value, {"confidence": told}


def _with_gradients(
    opened: "Middleware", value: Value, path: EdgePath, files: tuple[Path | None, Path | None]
) -> tuple[Value, dict[str, JsonValue]]:
    from transcoder.serving import read_tensors, write_value

    output, weights = files
    if output is None and weights is None:
        return opened.convert(value, path), {}
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
