"""What an adapter between two vectors needs to know of its two ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from torch import Tensor, nn

from transcoder.adapters._affine import Affine
from transcoder.adapters._moments import Matrix, Moments
from transcoder.errors import AdapterMismatchError
from transcoder.vocabulary import Spec, TensorSpec

_ROUNDING = 1e-6
"""A column that varies by less than this share of its mean is constant but for rounding."""


def vector_of(spec: Spec) -> tuple[str, int]:
    """Find the one vector that carries a modality.

    >>> vector_of(Spec.parse("hidden: float32[batch, 96]"))
    ('hidden', 96)

    Returns:
        The tensor's name and its length.

    Raises:
        AdapterMismatchError: If the spec is anything but `name: float32[batch, D]`.
    """
    match spec.tensors:
        case (TensorSpec(name=name, dtype="float32", axes=(_, int(dim))),):
            return name, dim
        case _:
            reason = "only one tensor float32[batch, D], with a number for D, is supported"
            raise AdapterMismatchError("vector to vector", str(spec), "a vector", reason)


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


@final
class VectorFrame(nn.Module):
    """Both ends of an adapter: out of the source's tensors, into the target's.

    Args:
        source: The spec that comes in.
        target: The spec that goes out.
        statistics: Of the training rows.

    Raises:
        AdapterMismatchError: If an end is no vector, or of another length than the statistics.
    """

    def __init__(self, source: Spec, target: Spec, *, statistics: Statistics) -> None:
        super().__init__()
        self.source_name, self.source_dim = vector_of(source)
        self.target_name, self.target_dim = vector_of(target)
        measured = len(statistics.source_mean), len(statistics.target_mean)
        if measured != (self.source_dim, self.target_dim):
            reason = f"the training rows have the lengths {measured}"
            raise AdapterMismatchError("vector to vector", str(source), str(target), reason)
        self.source_mean: Tensor
        self.source_scale: Tensor
        self.target_mean: Tensor
        self.target_scale: Tensor
        for name in ("source_mean", "source_scale", "target_mean", "target_scale"):
            values = torch.tensor(getattr(statistics, name), dtype=torch.float32)
            self.register_buffer(name, values)

    def enter(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Standardise the source, (batch, source_dim)."""
        return (tensors[self.source_name] - self.source_mean) / self.source_scale

    def leave(self, standardised: Tensor) -> dict[str, Tensor]:
        """Give the target its own scale, (batch, target_dim), and its name."""
        return {self.target_name: standardised * self.target_scale + self.target_mean}
