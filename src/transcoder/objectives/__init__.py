"""Losses: plain functions of what was given and what was wanted."""

from transcoder.objectives._losses import cosine_distance, cross_entropy, mse
from transcoder.objectives._table import Objective, objective_for

__all__ = ["Objective", "cosine_distance", "cross_entropy", "mse", "objective_for"]
