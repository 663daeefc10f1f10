"""What a report tells of one run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcoder.reports._charts import Bar
from transcoder.reports._graph import Graph
from transcoder.reports._result import PlainScore, RunResult
from transcoder.reports._svg import Point
from transcoder.vocabulary import JsonValue, Value


@dataclass(frozen=True, slots=True)
class Ladder:
    """Every candidate by one metric.

    Attributes:
        metric: Its name for people.
        bars: One for each candidate, the cheapest first.
    """

    metric: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Clouds:
    """Latents of test rows in two dimensions.

    Attributes:
        wanted: What should have come out, (row, 2).
        given: What came out, by candidate, (row, 2) each.
        share: Of the wanted latents' variance, that the two dimensions hold.
    """

    wanted: NDArray[np.float64]
    given: Mapping[str, NDArray[np.float64]]
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class ShownRow:
    """One test row with what it went through.

    Attributes:
        number: In the dataset.
        score: By which it was chosen.
        stations: What each value is, and the value.
    """

    number: int
    score: float
    stations: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All that a report tells; what a run had not is empty.

    Attributes:
        title: What was trained.
        facts: Recipe, data, grades, seed and what else people ask first, by name.
        result: What was reached.
        graphs: What each trained opportunity says, with its learning graph.
        curves: Losses by name, (step, value).
        ladders: Candidates compared.
        clouds: Latents before and after.
        best: Test rows that came out best.
        worst: Test rows that came out worst.
        scored_by: What the scores of single rows are.
        lineage: As it was registered.
    """

    title: str
    facts: Mapping[str, str]
    result: RunResult
    graphs: tuple[tuple[str, Graph], ...] = ()
    curves: Mapping[str, tuple[Point, ...]] | None = None
    ladders: tuple[Ladder, ...] = ()
    clouds: Clouds | None = None
    best: tuple[ShownRow, ...] = ()
    worst: tuple[ShownRow, ...] = ()
    scored_by: str = ""
    lineage: Mapping[str, JsonValue] | None = None


CHAIN_HEADS = ("chain", "rows", "candidate", "through it", "native", "retention")
"""Over the chains of a report."""


def chain_rows(result: RunResult) -> list[tuple[str, ...]]:
    """Lay every judged chain out as a table, one line for each candidate or for a refusal."""
    rows: list[tuple[str, ...]] = []
    for chain in result.chains:
        name = f"{chain.name} *" if chain.decides else chain.name
        if chain.refused:
            rows.append((name, "-", "refused", "-", "-", "-"))
        for candidate, scores in chain.scores.items():
            cells = (
                plain_text(scores[each]) for each in (chain.scored_by, "native", "retention")
            )
            rows.append((name, f"{chain.rows:,}", candidate, *cells))
    return rows


def chain_facts(result: RunResult) -> list[tuple[str, str]]:
    """Say where each judged chain leads, and what it is measured by."""
    return [
        (each.name, f"{each.path}; {'pivot' if each.is_pivot else 'native'}: {each.beside}")
        for each in result.chains
    ]


def plain_text(score: PlainScore) -> str:
    """Write a score with its interval.

    >>> plain_text((0.5, 0.25, 0.75)), plain_text((0.5, None, None))
    ('0.500 [0.250, 0.750]', '0.500')
    """
    value, low, high = score
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def score_rows(result: RunResult) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Lay all scores of a run out as a table.

    Returns:
        The candidates, and for each metric its name and every candidate's value.
    """
    candidates = tuple(result.scores)
    metrics = dict.fromkeys(name for scores in result.scores.values() for name in scores)
    rows = []
    for metric in metrics:
        cells = []
        for candidate in candidates:
            score = result.scores[candidate].get(metric)
            cells.append("-" if score is None else plain_text(score))
        rows.append((metric, *cells))
    return candidates, rows
