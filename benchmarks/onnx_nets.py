"""Ordinary nets, exported by torch and converted back: right, and how fast.

Each net is exported three ways. Outputs and input gradients of the converted net are compared
with the original's at the size of the export and at another batch and length; what differs by
more than 1e-5 in float32 is compared once more in float64, where rounding cannot flip a ReLU.
Times are ratios to the original on one thread, medians of interleaved repeats in one run.

    python benchmarks/onnx_nets.py [--only NAME] [--exporter NAME] [--keep FOLDER] [--json FILE]
"""

import argparse
import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import torch
from nets import NETS, Net
from nets._compare import difference, onnxruntime_call, times, widened
from nets._export import EXPORTERS, build, export
from rich.console import Console
from rich.table import Table

from transcoder.conversion import OnnxModule, to_torch

_CLOSE = 1e-5


@dataclass
class Result:
    """One net by one exporter."""

    net: str
    exporter: str
    failure: str = ""
    exported: bool = True
    free: str = ""
    errors: dict[str, float] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether all compared numbers are close."""
        wrong = {name for name, error in self.errors.items() if not error <= _CLOSE}
        return not self.failure and not {n for n in wrong if f"{n}, float64" not in self.errors}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", choices=[*NETS], metavar="NAME")
    parser.add_argument("--exporter", action="append", choices=[*EXPORTERS])
    parser.add_argument("--keep", type=Path, help="folder where exported files stay")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    parser.add_argument("--seconds", type=float, default=3.0, help="of timing for each net")
    given = parser.parse_args()
    torch.set_num_threads(1)
    console = Console()
    results = []
    for result in _results(given):
        results.append(result)
        console.print(*_row(result))
    console.print(_table(results))
    console.print(_summary(results))
    if given.json:
        listed = [{**asdict(each), "right": each.is_right} for each in results]
        given.json.write_text(json.dumps(listed, indent=1), encoding="utf-8")


def _results(given: argparse.Namespace) -> Iterator[Result]:
    for name in given.only or NETS:
        for exporter in given.exporter or EXPORTERS:
            yield _measured(NETS[name], exporter, given.keep, given.seconds)


def _measured(net: Net, exporter: str, keep: Path | None, seconds: float) -> Result:
    result = Result(net.name, exporter)
    try:
        content, result.free = export(net, exporter, keep)
    except RuntimeError as error:
        result.exported, result.failure = False, str(error)
        return result
    try:
        original, converted = build(net), to_torch(content)
        if _has_fixed_lengths(content, net, result.free):
            result.free = "as traced"
        _compare(result, net, (original, converted))
        file = content if _runs(content, net.inputs(net.size)) else None
        result.times = times(original, converted, file, net.inputs(net.size), seconds)
    except Exception as error:  # noqa: BLE001  # one net must not end the run
        result.failure = f"{type(error).__name__}: {error}".splitlines()[0][:120]
    return result


def _compare(result: Result, net: Net, modules: tuple[torch.nn.Module, OnnxModule]) -> None:
    other = net.other if result.free == "all" else (net.other[0], net.size[1])
    fixed = result.free in {"none", "as traced"}
    sizes = [net.size] if fixed else [net.size, other]
    wide = None
    for size in sizes:
        forward, back = difference(*modules, net.inputs(size))
        result.errors |= {f"forward {size}": forward, f"gradient {size}": back}
        if max(forward, back) > _CLOSE:
            if wide is None:
                wide = tuple(copy.deepcopy(each).double() for each in modules)
            pair = difference(*wide, widened(net.inputs(size)))
            for name, error in zip((f"forward {size}", f"gradient {size}"), pair, strict=True):
                result.errors[f"{name}, float64"] = error


def _has_fixed_lengths(content: bytes, net: Net, free: str) -> bool:
    """Whether lengths are written into the file after all, so that ONNX Runtime fails too."""
    if free == "none" or not _runs(content, net.inputs(net.size)):
        return False
    other = net.other if free == "all" else (net.other[0], net.size[1])
    return not _runs(content, net.inputs(other))


def _runs(content: bytes, inputs: tuple[torch.Tensor, ...]) -> bool:
    try:
        onnxruntime_call(content, inputs)()
    except Exception:  # noqa: BLE001  # it raises its own kinds
        return False
    return True


def _row(result: Result) -> tuple[str, ...]:
    if result.failure:
        kind = "not converted" if result.exported else "torch cannot export it"
        return (result.net, result.exporter, f"{kind}: {result.failure}")
    narrow = [e for name, e in result.errors.items() if "float64" not in name]
    wide = [e for name, e in result.errors.items() if "float64" in name]
    ratios = [result.times.get(each) for each in ("forward", "both", "onnxruntime")]
    return (
        result.net, result.exporter, "right" if result.is_right else "WRONG", result.free,
        f"{max(narrow):.0e}", f"{max(wide):.0e}" if wide else "",
        *("" if each is None else f"{each:.2f}" for each in ratios),
        f"{result.times['forward_ms']:.1f}",
    )  # fmt: skip


def _table(results: Sequence[Result]) -> Table:
    table = Table(title="nets: error, and time over torch's own")
    for name in ("net", "exporter", "", "free axes", "error", "in float64"):
        table.add_column(name)
    for name in ("forward", "fwd + bwd", "over ORT", "torch ms"):
        table.add_column(name, justify="right")
    for each in results:
        table.add_row(*_row(each))
    return table


def _summary(results: Sequence[Result]) -> str:
    tried = [each for each in results if each.exported]
    right = sum(each.is_right for each in tried)
    lines = [f"{right} of {len(tried)} right"]
    for name, said in (("forward", "forward"), ("both", "forward and backward")):
        found = [each.times[name] for each in tried if each.times]
        if found:
            lines.append(f"{said}: median {median(found):.2f}, worst {max(found):.2f}")
    return "; ".join(lines)


if __name__ == "__main__":
    main()
