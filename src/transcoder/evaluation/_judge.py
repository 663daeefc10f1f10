"""Every candidate answers the same questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import DataError, WeakNativeError
from transcoder.evaluation._alignment import cka_score
from transcoder.evaluation._bootstrap import Bootstrap, Scores
from transcoder.evaluation._latent import latent_scores, mean_score, row_cosines
from transcoder.evaluation._match import row_scores
from transcoder.evaluation._neighbours import (
    Neighbours,
    csls_retrieval,
    nearest_rows,
    shared_neighbours,
)
from transcoder.evaluation._retrieval import retrieval
from transcoder.sessions import Runner, split_rows
from transcoder.vocabulary import (
    Content,
    EdgePath,
    JudgedChain,
    Score,
    Scorer,
    Spec,
    Split,
    Tensors,
)

_VECTOR_AXES = 2

NATIVE_FLOOR = 0.05
"""A native chain with a lower score is no measure of anything."""


@dataclass(frozen=True, slots=True, eq=False)
class WantedLatents:
    """What the transcoder should give.

    Attributes:
        vectors: The stored latents of the rows, floating (row, dim); of sequences their means
            over the positions that exist.
        train_mean: The mean over the training rows, floating (dim).
        sequences: Of each row, all positions (time, dim); empty where latents are vectors.
    """

    vectors: NDArray[np.floating]
    train_mean: NDArray[np.floating]
    sequences: Sequence[NDArray[np.floating]] = ()

    @classmethod
    def of(cls, stored: Tensors, spec: Spec, train_mean: NDArray[np.floating]) -> Self:
        """Take stored latents, batch axis first, as they are to be compared."""
        vectors, sequences = _as_compared(split_rows(stored, spec), spec)
        return cls(vectors, train_mean, sequences)


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Rows of one split, in one order.

    Attributes:
        split: Which.
        sources: What goes into the transcoder, batch axis first.
        latents: What should come out of it, or None where that is not known.
        native: What goes into the native chain.
        answers: The right content at the end of the chains.
        strata: By what scores are also shown; empty where by nothing.
    """

    split: Split
    sources: Tensors
    latents: WantedLatents | None = None
    native: Sequence[Content] = ()
    answers: Sequence[Content] = ()
    strata: Sequence[Content] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """Questions, with what the sink's own native chain answered.

    Attributes:
        questions: The rows.
        chain: Through the transcoder to content; None where only latents are compared.
        native: The native chain's score of each row, (row); empty without a chain.
        nearest: The neighbours of each wanted latent, (row, neighbour); None where they are not
            looked at.
    """

    questions: Questions
    chain: JudgedChain | None
    native: Scores
    nearest: Neighbours | None = None


@dataclass(frozen=True, slots=True)
class StratumScore:
    """Scores of the rows that have something in common.

    Attributes:
        stratum: What they have in common, for people.
        rows: How many there are.
        chain: Mean score through the transcoder.
        native: Mean score of the native chain.
    """

    stratum: str
    rows: int
    chain: float
    native: float


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What one candidate reached.

    Attributes:
        candidate: Its name, for people.
        scores: Named by split.
        per_row: The chain's score of each row, (row); without a chain, the latent's cosine.
        strata: By stratum, in their order; empty without a chain.
        cosines: Of each given latent with the wanted one, (row); empty where that is not known.
    """

    candidate: str
    scores: tuple[Score, ...]
    per_row: Scores
    strata: tuple[StratumScore, ...]
    cosines: Scores

    def maybe_score(self, name: str) -> Score | None:
        """Find one of the scores by name."""
        return next((score for score in self.scores if score.name == name), None)


def prepare_exam(
    questions: Questions,
    runner: Runner,
    *,
    chain: JudgedChain | None = None,
    native: Scores | None = None,
    floor: float = NATIVE_FLOOR,
) -> Exam:
    """Let the native chain answer first; once for all candidates.

    Args:
        questions: The rows.
        runner: What runs paths.
        chain: Through the transcoder to content; None compares latents only.
        native: What the native chain scored on each row, (row), where it has answered before.
        floor: The least mean score that the native chain must have.

    Raises:
        WeakNativeError: If the native chain is below the floor.
        DataError: If there is neither a chain nor a wanted latent.
    """
    if chain is None:
        if questions.latents is None:
            reason = "there is no judged chain and no wanted latent"
            raise DataError("rows to be judged", reason, "give one of them")
        return Exam(questions, None, np.empty(0), _nearest(questions))
    if native is None:
        answered = runner.run(chain.native, questions.native)
        native = row_scores(chain.scorer, answered, wanted=questions.answers)
    if native.mean() < floor:
        raise WeakNativeError(str(chain.native), float(native.mean()), floor)
    return Exam(questions, chain, native, _nearest(questions))


def judge(
    candidate: str,
    through: EdgePath,
    *,
    exam: Exam,
    runner: Runner,
    bootstrap: Bootstrap | None = None,
) -> Judgement:
    """Run exported files over an exam and score what comes of it.

    Args:
        candidate: What people call it.
        through: The candidate alone, or several that lead from A to B one after the other; the
            runner's sessions must find their files.
        exam: What every candidate is asked.
        runner: What runs paths.
        bootstrap: How intervals are drawn.

    Returns:
        Latent scores and retrieval where the wanted latent is known, on test rows also CSLS
        retrieval, mutual neighbours and CKA; score, native score and retention of the chain
        where there is one.

    Raises:
        ConversionError: If the candidate or a network of the chain fails.
        NonFiniteError: If a latent holds NaN or infinity.
    """
    draws = bootstrap or Bootstrap()
    questions = exam.questions
    rows = split_rows(questions.sources, runner.catalog.spec(through.source))
    given = runner.run(through, rows)
    spec = runner.catalog.spec(through.target)
    scores: list[Score] = []
    cosines = np.empty(0)
    if questions.latents is not None:
        named = [row for row in given if isinstance(row, Mapping)]
        vectors, sequences = _as_compared(named, spec)
        scores += _latent_scores(vectors, sequences, exam, draws)
        cosines = row_cosines(vectors, questions.latents.vectors)
    if exam.chain is None:
        return Judgement(candidate, tuple(scores), cosines, (), cosines)
    content = runner.run(exam.chain.after, given)
    per_row = row_scores(exam.chain.scorer, content, wanted=questions.answers)
    scores += chain_scores(per_row, exam, exam.chain.scorer, draws)
    return Judgement(candidate, tuple(scores), per_row, _strata(per_row, exam), cosines)


def retention(chain: Scores, native: Scores, *, name: str, bootstrap: Bootstrap) -> Score:
    """Give the chain's mean score over the native chain's, of the same rows, (row) each."""
    interval = bootstrap.ratio(chain, native)
    return Score(name, float(chain.mean() / native.mean()), len(chain), interval)


def _as_compared(
    rows: Sequence[Tensors], spec: Spec
) -> tuple[NDArray[np.floating], Sequence[NDArray[np.floating]]]:
    """Give a vector for each row, and all its positions where it is a sequence."""
    name = spec.names[0]
    arrays = [np.asarray(row[name], dtype=np.float64) for row in rows]
    if len(spec.tensor(name).axes) == _VECTOR_AXES:
        return np.array(arrays), ()
    means = [each.sum(axis=0) / max(len(each), 1) for each in arrays]
    return np.array(means), arrays


def _latent_scores(
    given: NDArray[np.floating],
    sequences: Sequence[NDArray[np.floating]],
    exam: Exam,
    draws: Bootstrap,
) -> tuple[Score, ...]:
    split, wanted = exam.questions.split, exam.questions.latents
    if wanted is None:
        return ()
    near = latent_scores(
        given,
        wanted.vectors,
        train_mean=wanted.train_mean,
        split=split,
        bootstrap=draws,
        sequences=(sequences, wanted.sequences),
    )
    found = (*near, *retrieval(given, wanted.vectors).scores(split, draws))
    if exam.nearest is None:
        return found
    csls = csls_retrieval(given, wanted.vectors).scores(split, draws, by="csls_")
    shared = shared_neighbours(nearest_rows(given), exam.nearest)
    cka = cka_score(f"{split}/cka", given, wanted.vectors, bootstrap=draws)
    return (*found, *csls, mean_score(f"{split}/mutual_knn", shared, draws), cka)


def _nearest(questions: Questions) -> Neighbours | None:
    """Look at neighbourhoods, which choose nothing and cost much, on test rows alone."""
    if questions.split is not Split.TEST or questions.latents is None:
        return None
    vectors = questions.latents.vectors
    return nearest_rows(vectors) if len(vectors) > 1 else None


def chain_scores(
    per_row: Scores, exam: Exam, scorer: Scorer, draws: Bootstrap
) -> tuple[Score, ...]:
    """Give what a chain scored on each row (row) as its mean, beside the native chain's.

    Args:
        per_row: Of the chain, (row).
        exam: Knows the native chain's, and the split that names the scores.
        scorer: By what content was scored.
        draws: How intervals are drawn.
    """
    split = exam.questions.split
    return (
        mean_score(f"{split}/{scorer}", per_row, draws),
        mean_score(f"{split}/native", exam.native, draws),
        retention(per_row, exam.native, name=f"{split}/retention", bootstrap=draws),
    )


def _strata(per_row: Scores, exam: Exam) -> tuple[StratumScore, ...]:
    labels = np.array([str(each) for each in exam.questions.strata])
    table = []
    for label in dict.fromkeys(sorted(labels.tolist(), key=_natural)):
        chosen = labels == label
        table.append(
            StratumScore(
                label,
                int(chosen.sum()),
                float(per_row[chosen].mean()),
                float(exam.native[chosen].mean()),
            )
        )
    return tuple(table)


def _natural(label: str) -> tuple[float, str]:
    return (float(label) if label.isdigit() else float("inf"), label)
