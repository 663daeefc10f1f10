"""CSLS as the paper writes it, all at once."""

import numpy as np


def plain_csls(rows: np.ndarray, others: np.ndarray, k: int) -> np.ndarray:
    """Measure how near each row lies to each of the others, (row, other)."""
    x, y = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (rows, others))
    cosines = x @ y.T
    near_x = np.sort(cosines, axis=1)[:, -k:].mean(axis=1)
    near_y = np.sort(cosines, axis=0)[-k:].mean(axis=0)
    measured: np.ndarray = 2 * cosines - near_x[:, None] - near_y
    return measured
