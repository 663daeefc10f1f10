"""Nearness without hubs.

CSLS is twice the cosine of two rows less the mean cosine of each to its nearest on the other
side: Conneau et al. 2018, "Word translation without parallel data", section 2.3.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from transcoder.neighbours._cosines import Units, cosine_blocks, unit_rows

NEIGHBOURS = 10
"""How many neighbours make a neighbourhood, as in the paper."""

Numbers: TypeAlias = NDArray[np.int64]
"""Numbers of rows."""


def mean_nearest(rows: Units, others: Units, k: int = NEIGHBOURS) -> Units:
    """Average the cosines of each row to its k nearest others; all where there are fewer.

    Args:
        rows: Of length 1, (row, dim).
        others: Of length 1, (other, dim).
        k: How many.

    Returns:
        One mean for each row, (row).
    """
    means = np.empty(len(rows), dtype=np.float32)
    count = min(k, len(others))
    for start, cosines in cosine_blocks(rows, others):
        nearest = np.partition(cosines, -count, axis=1)[:, -count:]
        means[start : start + len(cosines)] = nearest.mean(axis=1)
    return means


def mutual_nearest(
    rows: NDArray[np.floating], others: NDArray[np.floating], k: int = NEIGHBOURS
) -> tuple[Numbers, Numbers]:
    """Find the rows and others that are each other's nearest by CSLS.

    Memory grows with the rows, not with their square.

    Args:
        rows: At least one, any length, (row, dim).
        others: At least one, any length, (other, dim).
        k: How many neighbours make a neighbourhood.

    Returns:
        The numbers of the rows that have such a partner, the nearest first, and those of their
        partners.
    """
    x, y = (unit_rows(each).astype(np.float32) for each in (rows, others))
    near_x, near_y = mean_nearest(x, y, k), mean_nearest(y, x, k)
    ahead, nearest = np.empty(len(x), dtype=np.int64), np.empty(len(x), dtype=np.float32)
    back = np.zeros(len(y), dtype=np.int64)
    best = np.full(len(y), -np.inf, dtype=np.float32)
    for start, cosines in cosine_blocks(x, y):
        nearness = 2 * cosines - near_x[start : start + len(cosines), None] - near_y
        ahead[start : start + len(cosines)] = nearness.argmax(axis=1)
        nearest[start : start + len(cosines)] = nearness.max(axis=1)
        highest = nearness.max(axis=0)
        better = highest > best
        back[better] = start + nearness.argmax(axis=0)[better]
        best[better] = highest[better]
    chosen = np.flatnonzero(back[ahead] == np.arange(len(x)))
    chosen = chosen[np.argsort(-nearest[chosen], kind="stable")]
    return chosen, ahead[chosen]
