"""What one run leaves for whoever compares runs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeAlias

from transcoder.files import write_whole

_FILE = "result.json"

RANKED_BY = ("validation/retention", "validation/r2")
"""By what runs are ranked, the first that was measured first: test rows choose nothing."""

PlainScore: TypeAlias = tuple[float, float | None, float | None]
"""A value with both ends of its interval, which are None where there is none."""


@dataclass(frozen=True, slots=True)
class ChainResult:
    """One whole chain through a transcoder on test rows, beside what it is measured by.

    Attributes:
        name: Which chain.
        decides: Whether candidates were chosen by it, on validation rows.
        path: From the column to A, and from B to what is scored.
        beside: The native chain, or the pivot.
        is_pivot: Which of the two.
        rows: How many.
        scored_by: How content is scored.
        refused: Why nothing can be said by it; empty where something can.
        scores: By candidate: what it scored, `native` and `retention`.
    """

    name: str
    decides: bool
    path: str
    beside: str
    is_pivot: bool
    rows: int
    scored_by: str
    refused: str = ""
    scores: dict[str, dict[str, PlainScore]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of one run, in plain numbers.

    Attributes:
        identity: Digest of everything that determines the run.
        chosen: The name of the candidate that was registered as best.
        why: The decision in words.
        version: Under which version.
        is_current: Whether paths take it now.
        was_finished: Whether an identical run had been finished before.
        seconds: How long it took.
        test_rows: How many rows the scores of `test/` are of.
        scores: By candidate, then by metric.
        chains: Every judged chain, through what was registered.
        transcoder: What it was registered as; empty in what earlier versions left.
    """

    identity: str
    chosen: str
    why: str
    version: int
    is_current: bool
    was_finished: bool
    seconds: float
    test_rows: int
    scores: dict[str, dict[str, PlainScore]] = field(default_factory=dict)
    chains: tuple[ChainResult, ...] = ()
    transcoder: str = ""


def write_result(folder: Path, result: RunResult) -> None:
    """Write a result aside, sync it, then rename it into place."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / _FILE, json.dumps(asdict(result), indent=1).encode())


def maybe_read_result(folder: Path) -> RunResult | None:
    """Read the result of a run's folder, or None where it left none that can be read."""
    try:
        plain = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        plain["scores"] = _scores(plain["scores"])
        plain["chains"] = tuple(
            ChainResult(**{**each, "scores": _scores(each["scores"])})
            for each in plain.get("chains", ())
        )
        return RunResult(**plain)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _scores(plain: Mapping[str, Mapping[str, list[float]]]) -> dict[str, dict[str, PlainScore]]:
    return {
        candidate: {name: (score[0], score[1], score[2]) for name, score in scores.items()}
        for candidate, scores in plain.items()
    }
