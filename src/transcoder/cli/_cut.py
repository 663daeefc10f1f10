"""`transcoder cut`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from transcoder.cli._session import JsonOption, failing_in_one_sentence, out, print_json
from transcoder.vocabulary import JsonValue

if TYPE_CHECKING:
    from transcoder.interchange import Cut, CutReport, Notion
    from transcoder.workflows import CutFiles


def cut(
    model: Annotated[Path, typer.Argument(help="An ONNX file.")],
    at: Annotated[
        str | None, typer.Option("--at", help="The tensor at which to cut; needs -o.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the two halves.")
    ] = None,
    from_input: Annotated[
        str | None,
        typer.Option("--from-input", help="Cut the paths from this input only."),
    ] = None,
    to_output: Annotated[
        str | None, typer.Option("--to-output", help="Cut the paths to this output only.")
    ] = None,
    *,
    all_dtypes: Annotated[
        bool, typer.Option("--all", help="List tensors of integers and truth values too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List where a network can be cut, or cut it and compare the halves with the whole."""
    if (at is None) != (output is None):
        raise typer.BadParameter("give --at TENSOR and -o DIR together")
    notion = _notion(from_input, to_output)
    from transcoder.workflows import cut_file, find_cuts_in_file

    with failing_in_one_sentence():
        if at is not None and output is not None:
            _show_files(cut_file(model, at, notion=notion, folder=output), as_json=as_json)
        else:
            report = find_cuts_in_file(model, notion, all_dtypes=all_dtypes)
            _show_report(report, model, as_json=as_json)


def _notion(from_input: str | None, to_output: str | None) -> "Notion":
    from transcoder.interchange import FromInput, Strict, ToOutput

    if from_input is not None and to_output is not None:
        raise typer.BadParameter("give --from-input or --to-output, not both")
    if from_input is not None:
        return FromInput(from_input)
    return ToOutput(to_output) if to_output is not None else Strict()


def _show_files(files: "CutFiles", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "head": str(files.head),
                "tail": str(files.tail),
                "at": _described(files.at),
                "difference": files.difference,
                "remark": files.remark,
            }
        )
        return
    out.print(f"wrote {files.head} and {files.tail}", markup=False, highlight=False)
    taken = ", ".join(files.at.tail_inputs)
    out.print(f"the tail takes {taken}", markup=False, highlight=False)
    if files.difference is None:
        out.print(f"not compared: {files.remark}", markup=False, highlight=False)
    else:
        text = f"largest difference from the whole: {files.difference:.1e} (relative)"
        out.print(text, markup=False, highlight=False)


def _show_report(report: "CutReport", model: Path, *, as_json: bool) -> None:
    if as_json:
        cuts = [_described(each) for each in report]
        print_json({"model": str(model), "cuts": cuts, "reason": report.reason})
        return
    if report.reason is not None:
        out.print(f"no cut: {report.reason}", markup=False, highlight=False)
        return
    table = Table("tensor", "dtype", "shape", "depth", "parameters", "the tail also takes")
    table.title = escape(f"{model.name}, {report.notion} (* bottleneck)")
    for each in report:
        table.add_row(*map(escape, _row(each)))
    out.print(table)


def _row(each: "Cut") -> tuple[str, ...]:
    shape = "?" if each.axes is None else f"[{', '.join(map(str, each.axes))}]"
    return (
        f"{each.tensor}{' *' if each.is_bottleneck else ''}",
        each.dtype,
        shape,
        str(each.depth),
        f"{each.parameters_before:,} | {each.parameters_after:,}",
        ", ".join((*each.tail_inputs[1:], *_recomputed(each))),
    )


def _recomputed(each: "Cut") -> list[str]:
    """Shapes that the tail finds by itself; in brackets, for it takes nothing for them."""
    return [f"(shape of {leak.tensor})" for leak in each.shape_leaks if leak.is_recomputed]


def _described(each: "Cut") -> Mapping[str, JsonValue]:
    return {
        "tensor": each.tensor,
        "dtype": each.dtype,
        "shape": list(each.axes) if each.axes is not None else None,
        "depth": each.depth,
        "parameters_before": each.parameters_before,
        "parameters_after": each.parameters_after,
        "side_inputs": list(each.side_inputs),
        "shape_leaks": [
            {"tensor": leak.tensor, "value": leak.value, "is_recomputed": leak.is_recomputed}
            for leak in each.shape_leaks
        ],
        "tail_inputs": list(each.tail_inputs),
        "is_bottleneck": each.is_bottleneck,
    }
