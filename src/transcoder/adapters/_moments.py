"""Pairs of vectors as sums over their rows: all that a closed form needs of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import DataError, NonFiniteError

Matrix: TypeAlias = NDArray[np.float64]
"""Rows of vectors, or a table of weights."""

Block: TypeAlias = tuple[NDArray[np.generic], NDArray[np.generic]]
"""Some rows that belong together, (row, source_dim) and (row, target_dim)."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Means and sums of products of rows that belong together; made by `Moments.of`.

    All sums are of rows from which the mean was taken. They take as much memory for a million
    rows as for a hundred.

    Attributes:
        rows: How many there are.
        source_mean: float64 (source_dim).
        target_mean: float64 (target_dim).
        source_products: X'X, float64 (source_dim, source_dim).
        cross_products: X'Y, float64 (source_dim, target_dim).
        target_squares: The diagonal of Y'Y, float64 (target_dim).
    """

    rows: int
    source_mean: Matrix
    target_mean: Matrix
    source_products: Matrix
    cross_products: Matrix
    target_squares: Matrix

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> Self:
        """Go through rows of any floating type once, block after block.

        Blocks are joined as by Chan, Golub and LeVeque 1979 ("Updating formulae and a pairwise
        algorithm for computing sample variances"), which loses no digits to large means.

        Raises:
            DataError: If there are no rows, or a block is no table of equally many rows.
            NonFiniteError: If a row holds NaN or infinity; it is counted over all blocks.
        """
        joined: Self | None = None
        for source, target in blocks:
            first = joined.rows if joined is not None else 0
            block = cls._of_block(*_checked(source, target, first))
            joined = block if joined is None else joined.joined(block)
        if joined is None:
            raise DataError("pairs of latents", "there are none", "add rows")
        return joined

    def at_least(self, rows: int) -> Self:
        """Give itself back.

        Raises:
            DataError: If there are fewer rows.
        """
        if self.rows < rows:
            reason = (
                f"{rows} or more are needed to fit or choose a map and there are {self.rows}"
            )
            raise DataError("pairs of latents", reason, "add rows or change the split's shares")
        return self

    @classmethod
    def _of_block(cls, x: Matrix, y: Matrix) -> Self:
        rows = len(x)
        if not rows:
            source, target = np.zeros(x.shape[1]), np.zeros(y.shape[1])
        else:
            source, target = x.mean(axis=0), y.mean(axis=0)
        x, y = x - source, y - target
        return cls(rows, source, target, x.T @ x, x.T @ y, (y**2).sum(axis=0))

    def joined(self, other: Self) -> Self:
        """Give the moments of both together."""
        rows = self.rows + other.rows
        share = other.rows / rows if rows else 0.0
        source = other.source_mean - self.source_mean
        target = other.target_mean - self.target_mean
        weight = self.rows * share
        return type(self)(
            rows,
            self.source_mean + share * source,
            self.target_mean + share * target,
            self.source_products + other.source_products + weight * np.outer(source, source),
            self.cross_products + other.cross_products + weight * np.outer(source, target),
            self.target_squares + other.target_squares + weight * target**2,
        )


def _checked(
    source: NDArray[np.generic], target: NDArray[np.generic], first: int
) -> tuple[Matrix, Matrix]:
    match source.shape, target.shape:
        case (rows, _), (others, _) if rows == others:
            return _finite("source", source, first), _finite("target", target, first)
    reason = f"the shapes {source.shape} and {target.shape} are no pairs of rows"
    raise DataError("pairs of latents", reason, "give (row, dim), equally many rows")


def _finite(end: str, vectors: NDArray[np.generic], first: int) -> Matrix:
    exact = np.asarray(vectors, dtype=np.float64)
    faulty = ~np.isfinite(exact).all(axis=1)
    if faulty.any():
        raise NonFiniteError("the pairs of latents", end, first + int(faulty.argmax()))
    return exact
