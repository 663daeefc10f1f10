"""Closed forms and trainable cores that map one latent to another.

The closed forms compute in numpy and float64; the cores are torch modules over named tensors.
"""

from transcoder.adapters._affine import Affine
from transcoder.adapters._closed_form import (
    LAMBDAS,
    fit_identity,
    fit_ladder,
    fit_low_rank,
    fit_mean,
    fit_procrustes,
    fit_ridge,
    squared_error,
)
from transcoder.adapters._cores import (
    LinearAdapter,
    MlpAdapter,
    ResidualAdapter,
    build_adapter,
)
from transcoder.adapters._moments import Moments
from transcoder.adapters._settings import (
    AdapterSettings,
    LinearSettings,
    LowRankSettings,
    MlpSettings,
    ResidualSettings,
)
from transcoder.adapters._vector import Statistics, VectorFrame, vector_of

__all__ = [
    "LAMBDAS",
    "AdapterSettings",
    "Affine",
    "LinearAdapter",
    "LinearSettings",
    "LowRankSettings",
    "MlpAdapter",
    "MlpSettings",
    "Moments",
    "ResidualAdapter",
    "ResidualSettings",
    "Statistics",
    "VectorFrame",
    "build_adapter",
    "fit_identity",
    "fit_ladder",
    "fit_low_rank",
    "fit_mean",
    "fit_procrustes",
    "fit_ridge",
    "squared_error",
    "vector_of",
]
