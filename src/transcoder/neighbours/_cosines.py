"""Directions of rows, and the cosines between all of two sets of them."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_CHUNK = 2**22
"""How many cosines are held at once."""

Units: TypeAlias = NDArray[np.float32]
"""Rows of length 1 (row, dim), or cosines of them."""


def unit_rows(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give every row (row, dim) the length 1; rows without length stay."""
    exact = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(exact, axis=1, keepdims=True)
    return exact / np.where(length > 0, length, 1.0)


def cosine_blocks(rows: Units, others: Units) -> Iterator[tuple[int, Units]]:
    """Give the cosines of some rows to all others at a time.

    Args:
        rows: Of length 1, (row, dim).
        others: Of length 1, (other, dim).

    Yields:
        The number of a block's first row, and its cosines (row, other), which are the caller's.
    """
    step = max(_CHUNK // len(others), 1)
    for start in range(0, len(rows), step):
        yield start, rows[start : start + step] @ others.T
