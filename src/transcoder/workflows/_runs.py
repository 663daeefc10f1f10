"""What was trained in a registry: runs, sweeps, and the reports that they left."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from transcoder.errors import UnknownNameError
from transcoder.registry import Registry
from transcoder.reports import RANKED_BY, ChainResult, PlainScore, RunResult, maybe_read_result
from transcoder.vocabulary import Catalog, JsonValue, Segment

RUNS, SWEEPS = "runs", "sweeps"
REPORT_HTML, REPORT_MARKDOWN = "report.html", "report.md"


@dataclass(frozen=True, slots=True)
class Run:
    """One run that has a folder in the registry.

    Attributes:
        name: Of its folder, the beginning of its identity.
        folder: Where its logs, checkpoints and report are.
        result: What it reached; None where it is not finished.
        segment: The version that it registered as best; None where that is gone.
    """

    name: str
    folder: Path
    result: RunResult | None
    segment: Segment | None

    @property
    def recipe(self) -> str:
        """The name of its recipe, empty where that is not known."""
        return str(self.segment.lineage.get("recipe", "")) if self.segment else ""

    @property
    def made_at(self) -> str:
        """When it was registered, UTC; empty where that is not known."""
        return str(self.segment.lineage.get("made_at", "")) if self.segment else ""

    @property
    def seed(self) -> int | None:
        """Of everything random."""
        seed = self.segment.lineage.get("seed") if self.segment else None
        return seed if isinstance(seed, int) else None

    def maybe_score(self, metric: str) -> PlainScore | None:
        """Find a score of what was registered as best."""
        scores = self.result.scores.get(self.result.chosen, {}) if self.result else {}
        return scores.get(metric)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Several runs that one command asked for.

    Attributes:
        name: When it was begun.
        folder: Where its jobs and its picture are.
        jobs: What each job was asked, and the name of its run; None for one that failed.
    """

    name: str
    folder: Path
    jobs: tuple[tuple[str, str | None], ...]


def find_runs(registry: Registry) -> tuple[Run, ...]:
    """List all runs: by transcoder, the best on validation rows first, unfinished ones last."""
    catalog = registry.catalog()
    versions = _versions(catalog)
    named = {str(key): found for key, found in catalog.segments.items()}
    runs = [_read(path, versions, named) for path in _folders(registry.root / RUNS)]
    return tuple(sorted(runs, key=_place))


def find_run(registry: Registry, name: str | None = None) -> Run:
    """Find one run by the beginning of its name; without a name, the last that was registered.

    Raises:
        UnknownNameError: If none, or more than one, answers to that.
    """
    runs = find_runs(registry)
    finished = sorted((each for each in runs if each.segment), key=lambda each: each.made_at)
    if name is None and finished:
        return finished[-1]
    found = [each for each in runs if name and each.name.startswith(name)]
    if len(found) != 1:
        raise UnknownNameError("single run", name or "", [each.name for each in runs])
    return found[0]


def find_sweeps(registry: Registry) -> Iterator[Sweep]:
    """List all sweeps, the newest first; what cannot be read is left out."""
    for path in sorted((registry.root / SWEEPS).glob("*.json"), reverse=True):
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            jobs = tuple((str(each["asked"]), each["run"]) for each in plain["jobs"])
            yield Sweep(path.stem, Path(plain["folder"]), jobs)
        except (OSError, ValueError, KeyError, TypeError):
            continue


def describe_run(run: Run) -> Mapping[str, JsonValue]:
    """Say what a run was and what it reached."""
    result, segment = run.result, run.segment
    scores = result.scores.get(result.chosen, {}) if result else {}
    return {
        "run": run.name,
        "folder": str(run.folder),
        "is_finished": result is not None,
        "recipe": run.recipe,
        "seed": run.seed,
        "made_at": run.made_at,
        "transcoder": str(segment.key) if segment else None,
        "registered": result.chosen if result else None,
        "version": result.version if result else None,
        "is_current": segment.is_current if segment else False,
        "why": result.why if result else None,
        "seconds": result.seconds if result else None,
        "test_rows": result.test_rows if result else None,
        "scores": {name: list(score) for name, score in scores.items()},
        "chains": [_chain(each) for each in result.chains] if result else [],
    }


def _chain(chain: ChainResult) -> JsonValue:
    return cast("JsonValue", json.loads(json.dumps(asdict(chain))))


def describe_sweep(sweep: Sweep) -> Mapping[str, JsonValue]:
    """Say which runs a sweep was made of."""
    jobs: list[JsonValue] = [{"asked": asked, "run": run} for asked, run in sweep.jobs]
    return {"sweep": sweep.name, "folder": str(sweep.folder), "jobs": jobs}


def _folders(root: Path) -> Sequence[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else ()


def _versions(catalog: Catalog) -> Mapping[str, list[Segment]]:
    """All versions by the run that their lineage names."""
    found: dict[str, list[Segment]] = {}
    for versions in catalog.segments.values():
        for each in versions:
            if isinstance(run := each.lineage.get("run"), str):
                found.setdefault(run, []).append(each)
    return {run: [*_siblings(catalog, each)] for run, each in found.items()}


def _siblings(catalog: Catalog, segments: Sequence[Segment]) -> Iterator[Segment]:
    """All versions of the same keys: a closed form may carry another run's lineage."""
    for key in dict.fromkeys(each.key for each in segments):
        yield from catalog.segments[key]


def _read(
    folder: Path,
    versions: Mapping[str, Sequence[Segment]],
    named: Mapping[str, Sequence[Segment]],
) -> Run:
    """Read a run; a version that an earlier one registered too is found by its name."""
    result = maybe_read_result(folder)
    known: Sequence[Segment] = ()
    if result is not None:
        known = versions.get(result.identity) or named.get(result.transcoder, ())
    segment = next((each for each in known if result and each.version == result.version), None)
    return Run(folder.name, folder, result, segment)


def _place(run: Run) -> tuple[bool, str, tuple[float, ...], str]:
    scores = (run.maybe_score(metric) for metric in RANKED_BY)
    best_first = tuple(-score[0] if score else float("inf") for score in scores)
    return (
        run.result is None,
        str(run.segment.key) if run.segment else "~",
        best_first,
        run.name,
    )
