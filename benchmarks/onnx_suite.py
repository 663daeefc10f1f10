"""The official suite of the installed onnx: outputs and gradients, per operator.

An output is right within the suite's own tolerances. A gradient is right where autograd agrees
with central differences in float64, for every float input along which the output changes.
onnx2torch and onnx2pytorch run the same cases where they are installed.

    python benchmarks/onnx_suite.py [--operator NAME] [--json FILE] [--processes 2]
"""

import argparse
import importlib
import json
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import onnx
import torch
from rich.console import Console
from rich.table import Table

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "src")]

from tests.conversion.official_cases import (  # noqa: E402  # found by the line above
    OfficialCase,
    is_random,
    left_out,
    official_cases,
    outcome,
)
from tests.conversion.official_gradients import check_gradients  # noqa: E402  # likewise

from transcoder.conversion import to_torch  # noqa: E402  # likewise
from transcoder.errors import TranscoderError  # noqa: E402  # likewise

_PEERS = ("onnx2torch", "onnx2pytorch")


@dataclass
class Result:
    """What one case gave.

    Attributes:
        name: Of the case.
        operators: Which it has.
        forward: "right", "wrong", "unsupported", "left out" or "random".
        gradient: "right", "wrong", "none" where nothing is differentiable, "unsupported".
        reason: Of what is not right.
        peers: The forward of other converters, by name.
    """

    name: str
    operators: tuple[str, ...]
    forward: str
    gradient: str = "none"
    reason: str = ""
    peers: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Run the suite and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--operator", help="only cases that have this operator")
    parser.add_argument("--json", type=Path, help="file for all results")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    run = partial(_shard, count=given.processes, operator=given.operator)
    context = get_context("spawn")
    with ProcessPoolExecutor(given.processes, mp_context=context) as pool:
        results = list(chain.from_iterable(pool.map(run, range(given.processes))))
    results.sort(key=lambda each: each.name)
    _print(results)
    if given.json:
        rows = [asdict(each) for each in results]
        given.json.write_text(json.dumps({"onnx": onnx.__version__, "cases": rows}, indent=1))


def _shard(at: int, *, count: int, operator: str | None) -> list[Result]:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    cases = [each for each in official_cases() if operator in {None, *each.operators}]
    return [_run(case) for case in cases[at::count]]


def _run(case: OfficialCase) -> Result:
    result = Result(case.name, case.operators, "random")
    if not is_random(case.name):
        result.forward, result.reason = outcome(case, to_torch)
        if result.forward != "right" and case.name in left_out():
            result.forward, result.reason = "left out", left_out()[case.name]
        result.gradient, reason = _gradient(case)
        result.reason = result.reason or reason
        result.peers = {name: _peer(case, name) for name in _installed()}
    return result


def _gradient(case: OfficialCase) -> tuple[str, str]:
    if case.kind == "real":
        return "none", ""
    try:
        verdict = check_gradients(case)
    except TranscoderError as error:
        return "unsupported", str(error)
    if verdict.faults:
        return "wrong", verdict.faults[0]
    return ("right" if verdict.differentiable else "none"), ""


@cache
def _installed() -> tuple[str, ...]:
    """The peers that can be imported: one may be there without what it needs."""
    found = []
    for name in _PEERS:
        with suppress(ImportError):
            importlib.import_module(name)
            found.append(name)
    return tuple(found)


def _peer(case: OfficialCase, name: str) -> str:
    module = importlib.import_module(name)
    convert: Callable[[onnx.ModelProto], Callable[..., object]] = (
        module.convert if name == "onnx2torch" else module.ConvertModel
    )
    return outcome(case, convert)[0]


def _print(results: Sequence[Result]) -> None:
    console = Console()
    table = Table("operator", "cases", "right", "wrong", "unsupported", "gradients", "right")
    groups: defaultdict[str, list[Result]] = defaultdict(list)
    for result in results:
        for operator in result.operators:
            groups[operator].append(result)
    for operator in sorted(groups):
        table.add_row(operator, *_row(groups[operator]))
    table.add_section()
    table.add_row("all", *_row(results))
    console.print(table)
    for result in results:
        if {"wrong", "unsupported", "left out"} & {result.forward, result.gradient}:
            facts = f"forward {result.forward}, gradient {result.gradient}: {result.reason}"
            console.print(f"{result.name}: {facts}", markup=False, highlight=False)
    for name in _installed():
        console.print(name, dict(Counter(each.peers.get(name) for each in results)))
    _print_total(console, results)


def _row(results: Sequence[Result]) -> list[str]:
    forward = Counter(each.forward for each in results)
    gradient = Counter(each.gradient for each in results)
    cases = len(results) - forward["random"]
    numbers = [cases, forward["right"], forward["wrong"], forward["unsupported"]]
    numbers += [sum(gradient.values()) - gradient["none"], gradient["right"]]
    return [str(number) for number in numbers]


def _print_total(console: Console, results: Sequence[Result]) -> None:
    cases, right, wrong, unsupported, slopes, sloped = map(int, _row(results))
    share = right / max(cases, 1)
    console.print(
        f"onnx {onnx.__version__}: {len(results)} cases, {cases} deterministic; forward right "
        f"{right} ({share:.1%}), silently wrong {wrong}, unsupported {unsupported}, left out "
        f"{cases - right - wrong - unsupported}; gradient right {sloped} of {slopes} "
        f"differentiable ({sloped / max(slopes, 1):.1%})"
    )


if __name__ == "__main__":
    main()
