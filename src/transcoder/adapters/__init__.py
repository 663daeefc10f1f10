"""Closed forms and trainable cores that map one latent to another.

The closed forms compute in numpy and float64; the cores are torch modules over named tensors.
"""

from transcoder.adapters._affine import Affine
from transcoder.adapters._build import Core, build_adapter, require_fit
from transcoder.adapters._closed_form import (
    LAMBDAS,
    fit_identity,
    fit_mean,
    fit_procrustes,
    fit_reduced_rank,
    fit_ridge,
    squared_error,
)
from transcoder.adapters._cores import LinearAdapter, MlpAdapter, ResidualAdapter
from transcoder.adapters._ends import (
    MASK,
    End,
    Meeting,
    end_of,
    mean_over_time,
    meeting_of,
    pairs_of,
)
from transcoder.adapters._frame import Frame
from transcoder.adapters._ladder import fit_ladder
from transcoder.adapters._moments import Moments
from transcoder.adapters._self_learning import Pools, are_few, fit_self_learning
from transcoder.adapters._sequence_cores import AttentionAdapter, BiLstmAdapter
from transcoder.adapters._settings import (
    AdapterSettings,
    AttentionSettings,
    BiLstmSettings,
    LinearSettings,
    LowRankSettings,
    MlpSettings,
    ResidualSettings,
)
from transcoder.adapters._statistics import Statistics
from transcoder.adapters._unpaired import Unpaired, fit_unpaired, without_pairs

__all__ = [
    "LAMBDAS",
    "MASK",
    "AdapterSettings",
    "Affine",
    "AttentionAdapter",
    "AttentionSettings",
    "BiLstmAdapter",
    "BiLstmSettings",
    "Core",
    "End",
    "Frame",
    "LinearAdapter",
    "LinearSettings",
    "LowRankSettings",
    "Meeting",
    "MlpAdapter",
    "MlpSettings",
    "Moments",
    "Pools",
    "ResidualAdapter",
    "ResidualSettings",
    "Statistics",
    "Unpaired",
    "are_few",
    "build_adapter",
    "end_of",
    "fit_identity",
    "fit_ladder",
    "fit_mean",
    "fit_procrustes",
    "fit_reduced_rank",
    "fit_ridge",
    "fit_self_learning",
    "fit_unpaired",
    "mean_over_time",
    "meeting_of",
    "pairs_of",
    "require_fit",
    "squared_error",
    "without_pairs",
]
