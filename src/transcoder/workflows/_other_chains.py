"""The chains through a transcoder besides the one by which it was chosen."""

from collections.abc import Iterator, Mapping

import numpy as np

from transcoder.errors import TranscoderError
from transcoder.evaluation import Bootstrap, Questions, judge, prepare_exam
from transcoder.planner import find_judged_chains
from transcoder.sessions import Runner
from transcoder.vocabulary import Content, EdgePath, JudgedChain, Score, Segment, Split, Tensors
from transcoder.workflows._materials import Materials, Rows
from transcoder.workflows._plan import TrainingPlan

MOST_ROWS = 300
"""Of test rows, evenly spread: such chains run whole networks that nothing has stored."""


def other_chains(
    plan: TrainingPlan,
    materials: Materials,
    runner: Runner,
    *,
    segment: Segment,
    draws: Bootstrap,
) -> Iterator[tuple[JudgedChain, Mapping[str, Score] | str]]:
    """Judge every other chain from a native source of A to a sink of B.

    Args:
        plan: Knows the chain that has been judged.
        materials: The rows.
        runner: Runs the chains.
        segment: The transcoder that was chosen.
        draws: How intervals are drawn.

    Yields:
        Each chain, with its scores by name, or with what it failed of in words.
    """
    if plan.chain is None:
        return
    known = plan.chain.column, plan.chain.reference
    rows = _spread(materials.rows[Split.TEST])
    for chain in find_judged_chains(
        runner.catalog, plan.source, plan.target, plan.dataset.name
    ):
        if (chain.column, chain.reference) != known:
            try:
                yield chain, _judged(chain, materials, runner, segment, rows, draws)
            except TranscoderError as error:
                yield chain, str(error)


def _judged(
    chain: JudgedChain,
    materials: Materials,
    runner: Runner,
    segment: Segment,
    rows: Rows,
    draws: Bootstrap,
) -> Mapping[str, Score]:
    questions = Questions(
        Split.TEST,
        _tensors(runner, chain, _values(materials, chain.column, rows)),
        native=_values(materials, chain.native_column, rows),
        answers=_values(materials, chain.reference, rows),
    )
    exam = prepare_exam(questions, runner, chain=chain)
    judged = judge(
        segment.name,
        EdgePath(segment.source, (segment,)),
        exam=exam,
        runner=runner,
        bootstrap=draws,
    )
    return {score.name: score for score in judged.scores}


def _tensors(runner: Runner, chain: JudgedChain, values: list[Content]) -> Tensors:
    latents = runner.run_batch(chain.before, values)
    return {} if isinstance(latents, list) else latents


def _values(materials: Materials, column: str, rows: Rows) -> list[Content]:
    found = materials.table.column(column)
    return [found[int(row)] for row in rows]  # type: ignore[misc]  # a dataset's columns hold content


def _spread(rows: Rows) -> Rows:
    places = np.linspace(0, len(rows) - 1, min(MOST_ROWS, len(rows)))
    return rows[places.round().astype(np.int64)]
