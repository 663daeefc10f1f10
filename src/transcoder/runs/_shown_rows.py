"""The test rows that came out best and worst, with the content that they went through."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from transcoder.reports import ShownRow
from transcoder.runs._materials import Materials
from transcoder.runs._plan import TrainingPlan
from transcoder.sessions import Runner, split_rows
from transcoder.vocabulary import EdgePath, JudgedChain, Segment, Split, Value

_SHOWN = 4

Stations = list[tuple[str, list[Value]]]
"""What stands at a place, and the value of each row there."""


def shown_rows(
    plan: TrainingPlan,
    materials: Materials,
    runner: Runner,
    *,
    segment: Segment,
    chain: JudgedChain | None,
    ranked_by: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[tuple[ShownRow, ...], tuple[ShownRow, ...]]:
    """Choose a few of the judged test rows, and take them once more along all that is content.

    Args:
        plan: Knows the routes.
        materials: The rows.
        runner: Runs paths.
        segment: The transcoder that is looked at.
        chain: Through it to content that was judged, or None.
        ranked_by: Each row's score, and its cosine for what the score leaves equal, (row) each.

    Returns:
        The worst, worst first, and the best, best first; no row is both.

    Raises:
        TranscoderError: If a row cannot be taken along its chain.
    """
    scores, cosines = ranked_by
    ties = cosines if len(cosines) == len(scores) else np.zeros(len(scores))
    order = np.lexsort((ties, scores))
    few = min(_SHOWN, len(order) // 2 or 1)
    places = np.concatenate([order[:few], order[::-1][: min(few, len(order) - few)]])
    rows = materials.rows[Split.TEST][places]
    stations = [
        *_before(plan, materials, runner, rows),
        *_after(plan, materials, runner, rows, segment, chain),
    ]
    shown = tuple(
        ShownRow(
            int(rows[place]),
            float(scores[places[place]]),
            tuple((name, values[place]) for name, values in stations),
        )
        for place in range(len(rows))
    )
    return shown[:few], shown[few:]


def _before(
    plan: TrainingPlan, materials: Materials, runner: Runner, rows: NDArray[np.int64]
) -> Iterator[tuple[str, list[Value]]]:
    """Give the column, and all content between it and the transcoder."""
    route = plan.feeds[0].input
    values = [materials.table.column(route.column)[int(row)] for row in rows]
    yield f"{route.column}: {route.path.source}", values
    yield from _content(route.path, values, runner)


def _after(
    plan: TrainingPlan,
    materials: Materials,
    runner: Runner,
    rows: NDArray[np.int64],
    segment: Segment,
    chain: JudgedChain | None,
) -> Iterator[tuple[str, list[Value]]]:
    """Give what came of it, what was wanted, and what the native chain made."""
    if chain is None:
        return
    latents = split_rows(materials.source.take(rows), plan.source_spec)
    through = EdgePath(segment.source, (segment,)).then(chain.after)
    for name, values in _content(through, latents, runner):
        yield f"given {name}", values
    wanted = materials.table.column(chain.reference)
    yield f"wanted {chain.reference}", [wanted[int(row)] for row in rows]
    native = [materials.table.column(chain.native_column)[int(row)] for row in rows]
    beside = "pivot" if chain.is_pivot else "native"
    yield f"{beside} {chain.native.target}", runner.run(chain.native, native)


def _content(path: EdgePath, values: Sequence[Value], runner: Runner) -> Stations:
    """Take values along a path, and keep what stands at its stations that are content."""
    stations: Stations = []
    for number, edge in enumerate(path.edges, 1):
        if runner.catalog.entry(edge.target).spec is None:
            before = EdgePath(path.source, path.edges[:number])
            stations.append((str(edge.target), runner.run(before, values)))
    return stations
