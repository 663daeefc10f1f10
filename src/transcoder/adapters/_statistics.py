"""Where the rows that teach lie, and how far they spread."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from transcoder.adapters._affine import Affine
from transcoder.adapters._moments import Matrix, Moments

_ROUNDING = 1e-6
"""A column that varies by less than this share of its mean is constant but for rounding."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Where the training rows lie and how far they spread, so that scales do not matter.

    Attributes:
        source_mean: float64 (source_dim).
        source_scale: Deviation of each column, that of the liveliest where a column is
            constant, float64 (source_dim).
        target_mean: float64 (target_dim).
        target_scale: Likewise, float64 (target_dim).
        source_variance: Mean variance of a source column, 1 where all are constant.
        target_variance: Likewise of a target column: the mean squared error over it is 1 - R².
    """

    source_mean: Matrix
    source_scale: Matrix
    target_mean: Matrix
    target_scale: Matrix
    source_variance: float
    target_variance: float

    @classmethod
    def of(cls, training: Moments) -> Self:
        """Measure training rows.

        Raises:
            DataError: If there are fewer than two rows.
        """
        rows = training.at_least(2).rows
        source = np.diagonal(training.source_products) / rows
        target = training.target_squares / rows
        return cls(
            training.source_mean,
            _scale(source, training.source_mean),
            training.target_mean,
            _scale(target, training.target_mean),
            float(source.mean()) or 1.0,
            float(target.mean()) or 1.0,
        )

    def standardised(self, affine: Affine) -> tuple[Matrix, Matrix]:
        """Write an affine map between standardised vectors.

        Returns:
            Weight (source_dim, target_dim) and bias (target_dim).
        """
        weight = self.source_scale[:, None] * affine.weight / self.target_scale
        bias = (affine.apply(self.source_mean) - self.target_mean) / self.target_scale
        return weight, bias


def _scale(variance: Matrix, mean: Matrix) -> Matrix:
    deviation = np.sqrt(variance)
    constant = deviation <= _ROUNDING * np.abs(mean)
    return np.where(constant, float(deviation.max()) or 1.0, deviation)
