"""An affine map between vectors."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.adapters._moments import Matrix


@final
@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A closed form: `target = source @ weight + bias`.

    Attributes:
        name: Which closed form it is, such as `ridge`.
        weight: float64 (source_dim, target_dim).
        bias: float64 (target_dim).
    """

    name: str
    weight: Matrix
    bias: Matrix

    def apply(self, vectors: NDArray[np.floating]) -> Matrix:
        """Map rows (row, source_dim) to rows float64 (row, target_dim)."""
        return np.asarray(vectors, dtype=np.float64) @ self.weight + self.bias
