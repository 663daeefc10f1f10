"""The table that closes a sweep."""

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from rich.table import Table
from typing_extensions import override

from transcoder.recipe._console import make_console
from transcoder.reports import RunResult, maybe_read_result

_RANKED_BY = ("validation/retention", "validation/r2")
_SHOWN = {
    "validation/retention": "validation retention",
    "test/retention": "test retention",
    "test/r2": "test R²",
    "test/recall_at_1": "test R@1",
}


class SweepTable(Callback):
    """Print all jobs of a sweep, best first on validation rows, when its last one has ended."""

    @override
    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(OmegaConf.select(config, "hydra.sweep.dir"))
        jobs = [(path.parent, _overrides(path.parent)) for path in folder.glob("*/.hydra")]
        make_console().print(sweep_table(folder, jobs))


def sweep_table(folder: Path, jobs: list[tuple[Path, str]]) -> Table:
    """Rank the jobs of a sweep.

    Args:
        folder: Of the sweep, for the title.
        jobs: Each job's folder, and what it was asked in words.

    Returns:
        One row per job; jobs that left no result come last.
    """
    table = Table(title=f"sweep {folder}")
    heads = ("job", "asked", "registered", "version", "current", *_SHOWN.values(), "seconds")
    for name in heads:
        table.add_column(name)
    rows = [(path, asked, maybe_read_result(path)) for path, asked in jobs]
    for path, asked, result in sorted(rows, key=lambda row: _rank(row[2]), reverse=True):
        if result is None:
            table.add_row(path.name, asked, "failed")
            continue
        table.add_row(
            path.name,
            asked,
            result.chosen,
            str(result.version),
            "yes" if result.is_current else "",
            *(_shown(result, name) for name in _SHOWN),
            "finished before" if result.was_finished else f"{result.seconds:.0f}",
        )
    return table


def _overrides(job: Path) -> str:
    asked = OmegaConf.load(job / ".hydra" / "overrides.yaml")
    return " ".join(str(each) for each in asked if not str(each).startswith("recipe="))


def _rank(result: RunResult | None) -> tuple[float, ...]:
    if result is None:
        return (float("-inf"),)
    scores = result.scores.get(result.chosen, {})
    return tuple(scores[name][0] if name in scores else float("-inf") for name in _RANKED_BY)


def _shown(result: RunResult, name: str) -> str:
    score = result.scores.get(result.chosen, {}).get(name)
    if score is None:
        return "-"
    value, low, high = score
    if low is None or not name.endswith("retention"):
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
