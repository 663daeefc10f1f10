"""Nearness without hubs."""

import numpy as np

from transcoder.neighbours._cosines import Units, cosine_blocks


def mean_nearest(rows: Units, others: Units, k: int) -> Units:
    """Average the cosines of each row to its k nearest others; all where there are fewer.

    What CSLS takes off a cosine: Conneau et al. 2018, "Word translation without parallel data",
    section 2.3.

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
