"""Rows that belong together, as tests make them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from transcoder.adapters import Moments

Rows: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class Pairs:
    """Rows, and their moments in two blocks."""

    source: Rows
    target: Rows

    @property
    def moments(self) -> Moments:
        half = len(self.source) // 2
        pieces = (slice(0, half), slice(half, None))
        return Moments.of((self.source[piece], self.target[piece]) for piece in pieces)
