"""An affine map between vectors."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.adapters._moments import Matrix
from transcoder.errors import AdapterMismatchError


@final
@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A closed form: `target = source @ weight + bias`.

    Attributes:
        name: Which closed form it is, such as `ridge`.
        weight: float64 (source_dim, target_dim).
        bias: float64 (target_dim).
        rank: How many directions the weight keeps, where it was squeezed; else None.
    """

    name: str
    weight: Matrix
    bias: Matrix
    rank: int | None = None

    def apply(self, vectors: NDArray[np.floating]) -> Matrix:
        """Map rows (row, source_dim) to rows float64 (row, target_dim)."""
        return np.asarray(vectors, dtype=np.float64) @ self.weight + self.bias

    def inverse(self) -> "Affine":
        """Give the map back, from rows (row, target_dim) to rows (row, source_dim).

        Raises:
            AdapterMismatchError: If it loses directions, so that nothing leads back.
        """
        source_dim, target_dim = self.weight.shape
        rank = int(np.linalg.matrix_rank(self.weight))
        if rank < source_dim:
            reason = f"it keeps {rank} of {source_dim} directions, so it has no inverse"
            raise AdapterMismatchError(
                self.name, f"dim {source_dim}", f"dim {target_dim}", reason
            )
        back: Matrix = np.linalg.pinv(self.weight).astype(np.float64)
        return Affine(f"{self.name} inverse", back, -self.bias @ back)
