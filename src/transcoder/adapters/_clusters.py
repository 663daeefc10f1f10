"""Means of rows that lie together."""

import numpy as np

from transcoder.adapters._moments import Matrix

_STEPS = 10


def cluster_means(rows: Matrix, count: int, random: np.random.Generator) -> Matrix:
    """Part rows into clusters around means, and give these, (cluster, dim).

    Lloyd's steps from a start that is drawn far apart: Arthur and Vassilvitskii 2007,
    "k-means++: the advantages of careful seeding".

    Args:
        rows: At least one, (row, dim).
        count: How many clusters; fewer where there are fewer rows.
        random: Draws the start.
    """
    means = rows[_far_apart(rows, min(count, len(rows)), random)]
    for _ in range(_STEPS):
        nearest = ((means**2).sum(axis=1) - 2 * rows @ means.T).argmin(axis=1)
        sizes = np.bincount(nearest, minlength=len(means))[:, None]
        sums = np.eye(len(means))[nearest].T @ rows
        means = np.where(sizes > 0, sums / np.maximum(sizes, 1), means)
    return means


def _far_apart(rows: Matrix, count: int, random: np.random.Generator) -> list[int]:
    chosen = [int(random.integers(len(rows)))]
    apart = ((rows - rows[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        total = apart.sum()
        shares = apart / total if total > 0 else None
        chosen.append(int(random.choice(len(rows), p=shares)))
        apart = np.minimum(apart, ((rows - rows[chosen[-1]]) ** 2).sum(axis=1))
    return chosen
