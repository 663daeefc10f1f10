"""How near the given latents are to the wanted ones."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import DataError, NonFiniteError
from transcoder.evaluation._bootstrap import Bootstrap, Scores
from transcoder.neighbours import unit_rows
from transcoder.vocabulary import Interval, Score, Split

Sequences: TypeAlias = Sequence[NDArray[np.floating]]
"""One array (time, dim) for each row."""


def latent_scores(
    given: NDArray[np.floating],
    wanted: NDArray[np.floating],
    *,
    train_mean: NDArray[np.floating],
    split: Split,
    bootstrap: Bootstrap | None = None,
    sequences: tuple[Sequences, Sequences] = ((), ()),
) -> tuple[Score, ...]:
    """Measure R² and cosine, each beside what the mean vector would get.

    R² is one minus the squared error over that of the training mean, summed over rows and
    columns: the mean vector has 0, and one row is enough. Of sequences it is summed over all
    positions; the cosine is that of their means.

    Args:
        given: What the transcoder gave, any floating type (row, dim).
        wanted: What it should have given, any floating type (row, dim).
        train_mean: The mean of the training rows' latents, (dim).
        split: Which rows they are.
        bootstrap: How intervals are drawn.
        sequences: Given and wanted, all positions of each row (time, dim); empty for vectors.

    Returns:
        `r2`, `cosine` and `cosine_of_mean`, named by split.

    Raises:
        DataError: If there are no rows, the shapes differ, or every wanted latent is the mean.
        NonFiniteError: If a latent holds NaN or infinity.
    """
    x, y = checked(given, wanted)
    draws = bootstrap or Bootstrap()
    if len(sequences[1]):
        error = _squared(*sequences)
        spread = np.array([float(((each - train_mean) ** 2).sum()) for each in sequences[1]])
    else:
        error = ((x - y) ** 2).sum(axis=1)
        spread = ((y - train_mean) ** 2).sum(axis=1)
    if not spread.any():
        raise DataError("wanted latents", "all equal the training mean", "use other rows")
    pointed = row_cosines(x, y)
    baseline = row_cosines(np.broadcast_to(train_mean, y.shape), y)
    ratio = draws.ratio(error, spread)
    r2 = None if ratio is None else Interval(1 - ratio.high, 1 - ratio.low, ratio.confidence)
    return (
        Score(f"{split}/r2", 1 - float(error.sum() / spread.sum()), len(x), r2),
        mean_score(f"{split}/cosine", pointed, draws),
        mean_score(f"{split}/cosine_of_mean", baseline, draws),
    )


def _squared(given: Sequences, wanted: Sequences) -> Scores:
    """Sum the squared differences of each row, (row)."""
    for row, (a, b) in enumerate(zip(given, wanted, strict=True)):
        if len(a) != len(b):
            reason = f"row {row} has {len(a)} positions and {len(b)} are wanted"
            raise DataError("latents to be judged", reason, "give sequences of equal length")
    sums = [float(((a - b) ** 2).sum()) for a, b in zip(given, wanted, strict=True)]
    return np.array(sums)


def row_cosines(given: NDArray[np.floating], wanted: NDArray[np.floating]) -> Scores:
    """Measure the cosine of each pair of rows (row, dim); 0 where one has no length.

    >>> row_cosines(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([1., 0.])
    """
    cosines: Scores = (unit_rows(given) * unit_rows(wanted)).sum(axis=1)
    return cosines


def mean_score(name: str, scores: Scores, bootstrap: Bootstrap) -> Score:
    """Average a score per row (row), with its interval."""
    return Score(name, float(scores.mean()), len(scores), bootstrap.mean(scores))


def checked(
    given: NDArray[np.floating], wanted: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bring pairs of rows (row, dim) to float64.

    Raises:
        DataError: If there are no rows or the shapes differ.
        NonFiniteError: If a latent holds NaN or infinity.
    """
    if given.shape != wanted.shape:
        raise _not_paired(given, wanted)
    return checked_rows(given, wanted)


def checked_rows(
    given: NDArray[np.floating], wanted: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bring the same rows in two spaces, (row, dim) and (row, other_dim), to float64.

    Raises:
        DataError: If there are no rows or their number differs.
        NonFiniteError: If a latent holds NaN or infinity.
    """
    if len(given) != len(wanted) or not len(given):
        raise _not_paired(given, wanted)
    for name, vectors in (("given", given), ("wanted", wanted)):
        faulty = ~np.isfinite(vectors).all(axis=1)
        if faulty.any():
            raise NonFiniteError("the latents to be judged", name, int(faulty.argmax()))
    return np.asarray(given, dtype=np.float64), np.asarray(wanted, dtype=np.float64)


def _not_paired(given: NDArray[np.floating], wanted: NDArray[np.floating]) -> DataError:
    reason = f"given are {given.shape} and wanted {wanted.shape}"
    return DataError("latents to be judged", reason, "give the same rows of both, at least one")
