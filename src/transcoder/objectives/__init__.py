"""Losses: plain functions of what was given and what was wanted."""

from transcoder.objectives._contrastive import (
    distance_preserving,
    hardest_ranking,
    info_nce,
    pairwise_ranking,
)
from transcoder.objectives._losses import cosine_distance, cross_entropy, mse, smooth_l1
from transcoder.objectives._sequences import ctc, cycle
from transcoder.objectives._table import Objective, latent_objective, objective_for

__all__ = [
    "Objective",
    "cosine_distance",
    "cross_entropy",
    "ctc",
    "cycle",
    "distance_preserving",
    "hardest_ranking",
    "info_nce",
    "latent_objective",
    "mse",
    "objective_for",
    "pairwise_ranking",
    "smooth_l1",
]
