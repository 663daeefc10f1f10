"""What one run leaves for whoever compares runs."""

import json
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


def write_result(folder: Path, result: RunResult) -> None:
    """Write a result aside, sync it, then rename it into place."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / _FILE, json.dumps(asdict(result), indent=1).encode())


def maybe_read_result(folder: Path) -> RunResult | None:
    """Read the result of a run's folder, or None where it left none that can be read."""
    try:
        plain = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        plain["scores"] = {
            candidate: {name: tuple(score) for name, score in scores.items()}
            for candidate, scores in plain["scores"].items()
        }
        return RunResult(**plain)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
