"""How far a latent lies from those that a transcoder was trained on."""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import DataError
from transcoder.vocabulary import Spec, Tensors

FAMILIARITY = "transcoder.familiarity"
"""Under what name it is kept in the metadata of an ONNX file."""

_DIRECTIONS = 64
_QUANTILES = 101
_FORMAT = 1
_ARRAYS = ("mean", "scale", "axes", "variances", "quantiles")
_ROUNDING = 1e-6
"""A column that varies by less than this share of its mean is constant but for rounding."""

Vectors = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Familiarity:
    """Where the training latents lie, as a Gaussian, and how far from it validation latents.

    Columns are measured in their own deviations. The covariance is shrunk towards a ball by the
    oracle approximating shrinkage of Chen, Wiesel, Eldar and Hero 2010 ("Shrinkage algorithms
    for MMSE covariance estimation", equation 23); its 64 liveliest directions are kept and the
    others taken together, as in probabilistic principal components (Tipping and Bishop 1999).
    So it takes at most 4 * 66 * dim bytes and some hundred, a third more as text.

    Attributes:
        mean: float64 (dim).
        scale: Deviation of each column, that of the liveliest where one is constant, (dim).
        axes: Directions of length 1, float64 (axis, dim).
        variances: Along the axes, float64 (axis).
        rest: Variance in every other direction, above 0.
        quantiles: Distances of validation latents at 0 %, 1 %, ... 100 %, float64 (101).
        rows: How many validation latents there were.
    """

    mean: Vectors
    scale: Vectors
    axes: Vectors
    variances: Vectors
    rest: float
    quantiles: Vectors
    rows: int

    @classmethod
    def fit(cls, rows: int, mean: Vectors, products: Vectors, *, validation: Vectors) -> Self:
        """Fit the Gaussian to training latents and calibrate it on others.

        Args:
            rows: How many training latents there are.
            mean: Their mean, (dim).
            products: The sum of the outer products of what is left of each, (dim, dim).
            validation: Latents that were not fitted on, at least one, (row, dim).
        """
        scale = _scale(np.sqrt(np.diagonal(products) / rows), mean)
        correlations = products / rows / scale / scale[:, None]
        variances, axes = np.linalg.eigh(_shrunk(correlations, rows))
        kept = slice(max(len(mean) - _DIRECTIONS, 0), None)
        others = variances[: kept.start]
        least = float(variances[-1]) * 1e-9 or 1.0
        rest = max(float(others.mean()), least) if len(others) else least
        plain = cls(
            mean.copy(),
            scale,
            np.ascontiguousarray(axes[:, kept].T),
            np.maximum(variances[kept], least),
            rest,
            np.zeros(_QUANTILES),
            len(validation),
        )
        quantiles = np.quantile(plain.distances(validation), np.linspace(0, 1, _QUANTILES))
        return replace(plain, quantiles=quantiles)

    def distances(self, latents: NDArray[np.floating]) -> Vectors:
        """Measure Mahalanobis distances, (row), of latents of any floating type (row, dim)."""
        left = (np.asarray(latents, dtype=np.float64) - self.mean) / self.scale
        along = left @ self.axes.T
        others = np.maximum((left**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        # What rounding leaves beside a whole basis is no distance.
        beside = others / self.rest if len(self.axes) < len(self.mean) else 0.0
        distances: Vectors = np.sqrt((along**2 / self.variances).sum(axis=1) + beside)
        return distances

    def percentile(self, distance: float) -> float:
        """Say which share of validation latents lies nearer, from 0 to 100."""
        return float(np.interp(distance, self.quantiles, np.linspace(0, 100, _QUANTILES)))

    def text(self) -> str:
        """Write it for the metadata of a file; numbers are kept as float32."""
        arrays = {name: _coded(getattr(self, name)) for name in _ARRAYS}
        plain = {"format": _FORMAT, "rest": self.rest, "rows": self.rows, **arrays}
        return json.dumps(plain)

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Read what `text` wrote.

        Args:
            text: As it was kept.
            name: What an error calls the transcoder.

        Raises:
            DataError: If it is none.
        """
        try:
            plain = json.loads(text)
            mean, scale, axes, variances, quantiles = (_decoded(plain[x]) for x in _ARRAYS)
            axes = axes.reshape(len(variances), len(mean))
            rest, rows = float(plain["rest"]), int(plain["rows"])
        except (ValueError, KeyError, TypeError) as error:
            reason = "what it says of its training latents cannot be read"
            raise DataError(name, reason, "train it again") from error
        return cls(mean, scale, axes, variances, rest, quantiles, rows)


def mean_latents(batch: Tensors, spec: Spec) -> Vectors:
    """Take the first tensor of each row, of a sequence the mean of what `mask` leaves.

    Args:
        batch: The tensors of the spec, batch axis first.
        spec: What carries them.

    Returns:
        float64 (row, dim).
    """
    tensor = np.asarray(batch[spec.names[0]], dtype=np.float64)
    if tensor.ndim <= 2:  # noqa: PLR2004  # rows of vectors, or of numbers
        return tensor.reshape(len(tensor), -1)
    steps = tensor.reshape(len(tensor), -1, tensor.shape[-1])
    mask = batch.get("mask")
    if mask is None or mask.shape != steps.shape[:2]:
        return np.asarray(steps.mean(axis=1))
    kept = np.asarray(mask, dtype=np.float64)
    total = np.einsum("rs,rsd->rd", kept, steps)
    return np.asarray(total / np.maximum(kept.sum(axis=1), 1.0)[:, None])


def _scale(deviation: Vectors, mean: Vectors) -> Vectors:
    constant = deviation <= _ROUNDING * np.abs(mean)
    return np.where(constant, float(deviation.max()) or 1.0, deviation)


def _shrunk(covariance: Vectors, rows: int) -> Vectors:
    dim = len(covariance)
    total, squares = float(np.trace(covariance)), float((covariance**2).sum())
    apart = squares - total**2 / dim
    share = 1.0
    if apart > 0:
        above = (1 - 2 / dim) * squares + total**2
        share = min(1.0, above / ((rows + 1 - 2 / dim) * apart))
    shrunk: Vectors = (1 - share) * covariance + share * total / dim * np.eye(dim)
    return shrunk


def _coded(array: Vectors) -> str:
    return b64encode(array.astype("<f4").tobytes()).decode()


def _decoded(text: str) -> Vectors:
    return np.frombuffer(b64decode(text, validate=True), dtype="<f4").astype(np.float64)
