"""One bench before which every candidate stands, on validation and on test rows."""

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.evaluation import (
    Bootstrap,
    Exam,
    Judgement,
    Questions,
    WantedLatents,
    judge,
    prepare_exam,
)
from transcoder.sessions import Runner
from transcoder.vocabulary import Content, Segment, Split, Value
from transcoder.workflows._candidates import Candidate
from transcoder.workflows._materials import Materials
from transcoder.workflows._plan import TrainingPlan


@final
class Bench:
    """Judges each file once on each split; test rows are read only when they are asked for.

    Args:
        plan: Knows the judged chain.
        materials: The rows and their latents.
        runner: Runs the candidates.
        bootstrap: How intervals are drawn.
        train_mean: Mean latent of B over the training rows, (dim).
    """

    def __init__(
        self,
        plan: TrainingPlan,
        materials: Materials,
        runner: Runner,
        *,
        bootstrap: Bootstrap,
        train_mean: NDArray[np.float64],
    ) -> None:
        self._plan = plan
        self._materials = materials
        self._runner = runner
        self.bootstrap = bootstrap
        self._train_mean = train_mean
        self._exams: dict[Split, Exam] = {}
        self._judged: dict[tuple[str, Split], Judgement] = {}

    def judgement(self, candidate: Candidate, split: Split) -> Judgement:
        """Judge a candidate on the rows of a split."""
        return self.judge_segment(candidate.name, candidate.segment, split)

    def judge_segment(self, name: str, segment: Segment, split: Split) -> Judgement:
        """Judge any file on the rows of a split."""
        known = (str(segment.digest), split)
        if known not in self._judged:
            exam = self._exam(split)
            self._judged[known] = judge(
                name, segment, exam=exam, runner=self._runner, bootstrap=self.bootstrap
            )
        return self._judged[known]

    def best_on_validation(self, candidates: Sequence[Candidate]) -> Candidate:
        """Find the best by the score of each row, then by R²; among equals the first."""

        def score(candidate: Candidate) -> tuple[float, float]:
            judged = self.judgement(candidate, Split.VALIDATION)
            r2 = judged.maybe_score(f"{Split.VALIDATION}/r2")
            return float(judged.per_row.mean()), r2.value if r2 is not None else 0.0

        return max(candidates, key=score)

    def _exam(self, split: Split) -> Exam:
        if split not in self._exams:
            questions = self._questions(split)
            self._exams[split] = prepare_exam(questions, self._runner, chain=self._plan.chain)
        return self._exams[split]

    def _questions(self, split: Split) -> Questions:
        plan, materials = self._plan, self._materials
        rows = materials.rows[split]
        wanted = WantedLatents.of(
            materials.target.take(rows), plan.target_spec, self._train_mean
        )
        strata = materials.table.strata
        chain = plan.chain
        return Questions(
            split,
            materials.source.take(rows),
            wanted,
            native=_values(materials.table.column(chain.native_column), rows) if chain else (),
            answers=_values(materials.table.column(chain.reference), rows) if chain else (),
            strata=[strata[row] for row in rows] if strata is not None and chain else (),
        )


def _values(column: Sequence[Value], rows: np.ndarray) -> list[Content]:
    return [column[int(row)] for row in rows]  # type: ignore[misc]  # a dataset's columns hold content
