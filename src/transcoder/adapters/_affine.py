"""Pairs of vectors, and an affine map between them."""

from dataclasses import dataclass
from typing import Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import DataError, NonFiniteError

Matrix: TypeAlias = NDArray[np.float64]
"""Rows of vectors, or a table of weights."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows that belong together, checked and in float64; made by `Pairs.of`.

    Attributes:
        source: What goes in, float64 (row, source_dim).
        target: What should come out, float64 (row, target_dim).
    """

    source: Matrix
    target: Matrix

    @classmethod
    def of(cls, source: NDArray[np.floating], target: NDArray[np.floating]) -> Self:
        """Pair rows of any floating type, (row, source_dim) with (row, target_dim).

        Raises:
            DataError: If they are no tables of equally many rows.
            NonFiniteError: If a row holds NaN or infinity.
        """
        match source.shape, target.shape:
            case (rows, _), (others, _) if rows == others:
                return cls(_finite("source", source), _finite("target", target))
        reason = f"the shapes {source.shape} and {target.shape} are no pairs of rows"
        raise DataError("pairs of latents", reason, "give (row, dim), equally many rows")

    def __len__(self) -> int:
        return len(self.source)

    def at_least(self, rows: int) -> Self:
        """Give itself back.

        Raises:
            DataError: If there are fewer rows.
        """
        if len(self) < rows:
            reason = (
                f"{rows} or more are needed to fit or choose a map and there are {len(self)}"
            )
            raise DataError("pairs of latents", reason, "add rows or change the split's shares")
        return self


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


def _finite(end: str, vectors: NDArray[np.floating]) -> Matrix:
    exact = np.asarray(vectors, dtype=np.float64)
    faulty = ~np.isfinite(exact).all(axis=1)
    if faulty.any():
        raise NonFiniteError("the pairs of latents", end, int(faulty.argmax()))
    return exact
