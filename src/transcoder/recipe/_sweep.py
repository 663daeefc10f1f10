"""What closes a sweep: its table, its seeds, its picture, and its place in the registry."""

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from rich.markup import escape
from rich.table import Table
from typing_extensions import override

from transcoder.files import write_whole
from transcoder.recipe._console import make_console
from transcoder.recipe._jobs import Job, SeedGroup, metric_of, read_jobs, seed_groups
from transcoder.reports import RANKED_BY, PlainScore, draw_points, page, table_markup

_SHOWN = {
    "validation/retention": "validation retention",
    "test/retention": "test retention",
    "test/r2": "test R²",
    "test/recall_at_1": "test R@1",
}
_HTML = "sweep.html"
_SEEDS = "mean over seeds, Student's 95 % interval of the mean"

_SEED_HEADS = (
    *("asked", "seeds", "failed"),
    *("trained net, validation", "trained net, test"),
    *("registered, validation", "registered, test"),
)


class SweepTable(Callback):
    """Tell of all jobs of a sweep, best first on validation rows, when its last has ended."""

    @override
    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(OmegaConf.select(config, "hydra.sweep.dir"))
        jobs = read_jobs(folder)
        console = make_console()
        console.print(sweep_table(folder, jobs))
        groups = seed_groups(jobs)
        if groups:
            console.print(seed_table(groups))
        if jobs:
            write_whole(folder / _HTML, sweep_html(folder, jobs, groups).encode())
            console.print(f"picture in {str(folder / _HTML)!r}", markup=False)
        registry = Path(OmegaConf.select(config, "registry.url"))
        if jobs and registry.is_dir():
            write_record(registry, folder, jobs)


def sweep_table(folder: Path, jobs: Sequence[Job]) -> Table:
    """Show the jobs of a sweep.

    Args:
        folder: Of the sweep, for the title.
        jobs: In the order in which they are shown; those without a result as failed or pruned.
    """
    heads = ("job", "asked", "registered", "version", "current", *_SHOWN.values(), "seconds")
    table = Table(*heads, title=f"sweep {folder}")
    for job in jobs:
        table.add_row(*map(escape, _cells(job)))
    return table


def seed_table(groups: Sequence[SeedGroup]) -> Table:
    """Show what jobs that differ in the seed alone reach in the mean, by one metric."""
    table = Table(*_SEED_HEADS, title=_seed_title(groups))
    for cells in _seed_cells(groups):
        table.add_row(*map(escape, cells))
    return table


def sweep_html(folder: Path, jobs: Sequence[Job], groups: Sequence[SeedGroup] = ()) -> str:
    """Draw what the trained nets reach against each choice that differs, in one page.

    Args:
        folder: Of the sweep, for the title.
        jobs: In the order in which they are shown.
        groups: Jobs that differ in the seed alone, if there are any.
    """
    heads = ("job", "asked", "registered", "version", "current", *_SHOWN.values(), "seconds")
    body = [table_markup(heads, [_cells(job) for job in jobs])]
    if groups:
        body.append(f"<h2>{html.escape(_seed_title(groups))}</h2>")
        body.append(table_markup(_SEED_HEADS, _seed_cells(groups)))
    metric = metric_of(jobs)
    for key in dict.fromkeys(key for job in jobs for key in job.asked):
        values = [job.asked.get(key, "") for job in jobs]
        points = [
            (value if key == "seed" else _plain(value), score[0])
            for value, job in zip(values, jobs, strict=True)
            if metric is not None and (score := job.maybe_net_score(metric))
        ]
        if len(set(values)) > 1 and points:
            body.append(draw_points(points, x=key, y=f"{metric} of the trained net"))
    return page(f"sweep {folder}", body)


def _seed_title(groups: Sequence[SeedGroup]) -> str:
    return f"{_seed_metric(groups)}: {_SEEDS}"


def _seed_metric(groups: Sequence[SeedGroup]) -> str:
    metric = metric_of([job for group in groups for job in group.jobs]) or RANKED_BY[0]
    return metric.partition("/")[2]


def _seed_cells(groups: Sequence[SeedGroup]) -> list[tuple[str, ...]]:
    metric = _seed_metric(groups)
    return [
        (
            group.asked,
            str(len(group.jobs)),
            str(group.failed),
            *(
                _shown(group.mean(f"{split}/{metric}", of_net=of_net), with_interval=True)
                for of_net in (True, False)
                for split in ("validation", "test")
            ),
        )
        for group in groups
    ]


def write_record(registry: Path, folder: Path, jobs: Sequence[Job]) -> None:
    """Let the registry know which of its runs a sweep was made of.

    Args:
        registry: Its folder.
        folder: Of the sweep; its name is that of the record.
        jobs: All of them.
    """
    told = [
        {"asked": job.words, "run": job.result.identity[:16] if job.result else None}
        for job in jobs
    ]
    place = registry / "sweeps"
    place.mkdir(exist_ok=True)
    record = json.dumps({"folder": str(folder.resolve()), "jobs": told}, indent=1)
    write_whole(place / f"{folder.name}.json", record.encode())


def _cells(job: Job) -> tuple[str, ...]:
    result = job.result
    if result is None:
        return (job.folder.name, job.words, "failed" if job.has_failed else "pruned")
    return (
        job.folder.name,
        job.words,
        result.chosen,
        str(result.version),
        "yes" if result.is_current else "",
        *(
            _shown(job.maybe_score(name), with_interval=name.endswith("retention"))
            for name in _SHOWN
        ),
        "finished before" if result.was_finished else f"{result.seconds:.0f}",
    )


def _shown(score: PlainScore | None, *, with_interval: bool) -> str:
    if score is None:
        return "-"
    value, low, high = score
    if low is None or not with_interval:
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _plain(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
