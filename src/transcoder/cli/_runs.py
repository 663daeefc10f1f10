"""`transcoder runs`."""

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from transcoder.cli._session import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    middleware,
    out,
    print_json,
)
from transcoder.vocabulary import JsonValue

if TYPE_CHECKING:
    from transcoder.workflows import Run, Sweep

_METRICS = {"retention": "retention", "r2": "R²"}
"""By what a run is told, the first that was measured."""


def runs(registry: RegistryOption = DEFAULT_REGISTRY, *, as_json: JsonOption = False) -> None:
    """Show what was trained here, by transcoder, the best on validation rows first."""
    from transcoder.workflows import describe_run, describe_sweep

    with middleware(registry) as opened:
        found, sweeps = opened.get_runs(), opened.get_sweeps()
        if as_json:
            plain: list[JsonValue] = [describe_run(each) for each in found]
            told: list[JsonValue] = [describe_sweep(each) for each in sweeps]
            print_json({"runs": plain, "sweeps": told})
            return
        out.print(_runs_table(found))
        if sweeps:
            out.print(_sweeps_table(sweeps, found))


def _runs_table(found: "tuple[Run, ...]") -> Table:
    heads = ("run", "transcoder", "recipe", "seed", "registered", "validation", "test")
    table = Table(*heads, title="runs")
    for each in found:
        if each.result is None or each.segment is None:
            state = "unfinished" if each.result is None else "unregistered"
            table.add_row(each.name, state)
            continue
        current = ", current" if each.segment.is_current else ""
        table.add_row(
            each.name,
            escape(each.segment.name),
            escape(each.recipe),
            str(each.seed),
            f"{each.result.chosen} #{each.result.version}{current}",
            _shown(each, "validation"),
            _shown(each, "test"),
        )
    return table


def _sweeps_table(sweeps: "tuple[Sweep, ...]", found: "tuple[Run, ...]") -> Table:
    table = Table("sweep", "jobs", "failed", "best run", "asked", "folder", title="sweeps")
    order = [each.name for each in found]
    for sweep in sweeps:
        done = [(run, asked) for asked, run in sweep.jobs if run in order]
        failed = sum(run is None for _, run in sweep.jobs)
        best = min(done, key=lambda job: order.index(str(job[0])), default=("-", "-"))
        cells = (str(best[0]), escape(best[1]), escape(str(sweep.folder)))
        table.add_row(sweep.name, str(len(sweep.jobs)), str(failed), *cells)
    return table


def _shown(run: "Run", split: str) -> str:
    for metric, name in _METRICS.items():
        score = run.maybe_score(f"{split}/{metric}")
        if score is not None:
            return f"{name} {score[0]:.3f}"
    return "-"
