"""One bench before which every candidate stands, on validation and on test rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.data import StoredTensors
from transcoder.errors import WeakNativeError
from transcoder.evaluation import (
    Bootstrap,
    Exam,
    Judgement,
    Questions,
    Scores,
    WantedLatents,
    is_lost,
    judge,
    prepare_exam,
)
from transcoder.runs._candidates import Candidate
from transcoder.runs._materials import Rows, Source
from transcoder.sessions import Runner
from transcoder.vocabulary import (
    Content,
    EdgePath,
    JudgedChain,
    Segment,
    Spec,
    Split,
    Value,
)


@dataclass(frozen=True, slots=True, eq=False)
class Sitting:
    """The rows that are asked about, and what is right.

    Attributes:
        rows: Of a dataset, by split.
        given: Latents of A.
        wanted: Latents of B, or None where no row leads to both.
        target_spec: What carries B.
        chains: To content that can be judged; the first whose native chain is sound decides.
    """

    rows: Source
    given: StoredTensors
    wanted: StoredTensors | None
    target_spec: Spec
    chains: Sequence[JudgedChain]


@final
class Bench:
    """Judges each file once on each split; test rows are read only when they are asked for.

    Args:
        sitting: The rows, their latents, and the judged chain.
        runner: Runs the candidates.
        bootstrap: How intervals are drawn.
        train_mean: Mean latent of B over the training rows, (dim).

    Attributes:
        refused: Chains that no retention can be stated by, and why, as far as they were tried.
    """

    def __init__(
        self,
        sitting: Sitting,
        runner: Runner,
        *,
        bootstrap: Bootstrap,
        train_mean: NDArray[np.float64],
    ) -> None:
        self._sitting = sitting
        self._runner = runner
        self.bootstrap = bootstrap
        self._train_mean = train_mean
        self.refused: dict[JudgedChain, str] = {}
        self._exams: dict[Split, Exam] = {}
        self._judged: dict[tuple[str, Split], Judgement] = {}

    @property
    def chain(self) -> JudgedChain | None:
        """The chain that decides; None where latents alone can be compared."""
        return self._exam(Split.VALIDATION).chain

    def native(self, split: Split) -> tuple[Rows, Scores]:
        """Give the judged rows of a split, and what the deciding chain's native one scored."""
        return self._sitting.rows.rows[split], self._exam(split).native

    def judgement(self, candidate: Candidate, split: Split) -> Judgement:
        """Judge a candidate on the rows of a split."""
        return self.judge_segment(candidate.name, candidate.segment, split)

    def judge_segment(self, name: str, segment: Segment, split: Split) -> Judgement:
        """Judge any file on the rows of a split."""
        return self.judge_path(name, EdgePath(segment.source, (segment,)), split)

    def judge_path(self, name: str, path: EdgePath, split: Split) -> Judgement:
        """Judge files that lead from A to B one after the other."""
        known = (" ".join(str(edge.digest) for edge in path.edges), split)
        if known not in self._judged:
            self._judged[known] = judge(
                name,
                path,
                exam=self._exam(split),
                runner=self._runner,
                bootstrap=self.bootstrap,
            )
        # Closed forms that come out as the same file are judged once, each by its own name.
        return replace(self._judged[known], candidate=name)

    def best_on_validation(self, candidates: Sequence[Candidate]) -> Candidate:
        """Find the best by the score of each row, then by R²; among equals the first.

        What lies further off than the mean vector is the best only where all do.
        """

        def score(candidate: Candidate) -> tuple[bool, float, float]:
            judged = self.judgement(candidate, Split.VALIDATION)
            r2 = judged.maybe_score(f"{Split.VALIDATION}/r2")
            mean = float(judged.per_row.mean())
            return not is_lost(judged), mean, r2.value if r2 is not None else 0.0

        return max(candidates, key=score)

    def _exam(self, split: Split) -> Exam:
        if split not in self._exams:
            self._exams[split] = self._prepared(split)
        return self._exams[split]

    def _prepared(self, split: Split) -> Exam:
        """Let native chains answer until one is good enough to measure by."""
        chosen = self._sitting.chains if split is Split.VALIDATION else [self.chain]
        for chain in filter(None, chosen):
            try:
                return prepare_exam(self._questions(split, chain), self._runner, chain=chain)
            except WeakNativeError as error:
                self.refused[chain] = f"on {split.value} rows, {error}"
        return prepare_exam(self._questions(split, None), self._runner)

    def _questions(self, split: Split, chain: JudgedChain | None) -> Questions:
        sitting = self._sitting
        rows, table = sitting.rows.rows[split], sitting.rows.table
        wanted = None
        if sitting.wanted is not None:
            stored = sitting.wanted.take(rows)
            wanted = WantedLatents.of(stored, sitting.target_spec, self._train_mean)
        strata = table.strata
        return Questions(
            split,
            sitting.given.take(rows),
            wanted,
            native=_values(table.column(chain.native_column), rows) if chain else (),
            answers=_values(table.column(chain.reference), rows) if chain else (),
            strata=[strata[row] for row in rows] if strata is not None and chain else (),
        )


def _values(column: Sequence[Value], rows: np.ndarray) -> list[Content]:
    return [column[int(row)] for row in rows]  # type: ignore[misc]  # a dataset's columns hold content
