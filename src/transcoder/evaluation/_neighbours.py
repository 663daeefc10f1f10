"""Who lies near whom: retrieval without hubs, and neighbourhoods that two spaces share."""

import numpy as np
from numpy.typing import NDArray

from transcoder.evaluation._bootstrap import Scores
from transcoder.evaluation._latent import checked
from transcoder.evaluation._retrieval import Retrieval
from transcoder.neighbours import NEIGHBOURS, Units, cosine_blocks, mean_nearest, unit_rows

_CHUNK = 2**22
"""How many pairs of neighbours are compared at once."""

Neighbours = NDArray[np.int64]
"""For each row the numbers of its nearest other rows, in order of number, (row, neighbour)."""


def csls_retrieval(
    given: NDArray[np.floating], wanted: NDArray[np.floating], k: int = NEIGHBOURS
) -> Retrieval:
    """Rank all wanted latents by CSLS to each given one, so that hubs do not come first.

    Conneau et al. 2018, "Word translation without parallel data", section 2.3: twice the cosine
    less the mean cosine of each of the two to its k nearest on the other side. Of equal values
    the row's own comes last. Memory grows with the rows, not with their square.

    Args:
        given: What the transcoder gave, any floating type (row, dim).
        wanted: What it should have given, any floating type (row, dim).
        k: How many neighbours; fewer where there are fewer rows.

    Raises:
        DataError: If there are no rows or the shapes differ.
        NonFiniteError: If a latent holds NaN or infinity.
    """
    questions, answers = (_units(each) for each in checked(given, wanted))
    near_questions = mean_nearest(answers, questions, k)
    ranks = np.empty(len(answers), dtype=np.int64)
    # The mean of a question's own neighbours is the same for all answers: it orders nothing.
    for start, cosines in cosine_blocks(questions, answers):
        corrected = 2 * cosines - near_questions
        rows = np.arange(len(cosines))
        own = corrected[rows, start + rows]
        ranks[start : start + len(cosines)] = (corrected >= own[:, None]).sum(axis=1)
    return Retrieval(ranks)


def nearest_rows(vectors: NDArray[np.floating], k: int = NEIGHBOURS) -> Neighbours:
    """Find the k nearest other rows of each row by cosine; fewer where there are fewer rows.

    Args:
        vectors: Any floating type, (row, dim).
        k: How many neighbours.
    """
    units = _units(vectors)
    count = min(k, len(units) - 1)
    nearest = np.empty((len(units), count), dtype=np.int64)
    for start, cosines in cosine_blocks(units, units):
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        places = np.argpartition(cosines, -max(count, 1), axis=1)[:, len(units) - count :]
        nearest[start : start + len(cosines)] = np.sort(places, axis=1)
    return nearest


def shared_neighbours(first: Neighbours, second: Neighbours) -> Scores:
    """Give the share of its neighbours that each row has in both spaces, (row).

    Mutual k-nearest-neighbour alignment of Huh et al. 2024, "The Platonic representation
    hypothesis", appendix A: 1 where all neighbourhoods are the same, about k / rows by chance.

    Args:
        first: As `nearest_rows` gives it, at least one neighbour (row, neighbour).
        second: Of the same rows in the other space, (row, neighbour).

    >>> shared_neighbours(np.array([[1, 2], [0, 2]]), np.array([[1, 2], [2, 3]]))
    array([1. , 0.5])
    """
    step = max(_CHUNK // first.shape[1] ** 2, 1)
    shared = [
        (first[start : start + step, :, None] == second[start : start + step, None]).sum((1, 2))
        for start in range(0, len(first), step)
    ]
    shares: Scores = np.concatenate(shared) / first.shape[1]
    return shares


def _units(vectors: NDArray[np.floating]) -> Units:
    return unit_rows(vectors).astype(np.float32)
