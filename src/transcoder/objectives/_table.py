"""Which loss stands for which scorer."""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from transcoder.errors import UnknownNameError
from transcoder.objectives._contrastive import (
    distance_preserving,
    hardest_ranking,
    info_nce,
    pairwise_ranking,
)
from transcoder.objectives._losses import cosine_distance, cross_entropy, mse, smooth_l1
from transcoder.vocabulary import Scorer

Objective: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Of what was given and what was wanted, a scalar to make small."""

_OBJECTIVES: dict[Scorer, Objective] = {
    Scorer.COSINE: cosine_distance,
    Scorer.CROSS_ENTROPY: cross_entropy,
    Scorer.MSE: mse,
}


_LATENT: dict[str, Objective] = {
    "mse": mse,
    "cosine": cosine_distance,
    "smooth_l1": smooth_l1,
    "info_nce": info_nce,
    "ranking": pairwise_ranking,
    "hardest_ranking": hardest_ranking,
    "distances": distance_preserving,
}


def latent_objective(name: str, deviation: float) -> Objective:
    """Find a loss between two latents, free of the scale of the wanted one.

    Args:
        name: As recipes call it.
        deviation: Of the wanted latent's columns, the root of their mean variance.

    Raises:
        UnknownNameError: If there is none of that name.
    """
    if name not in _LATENT:
        raise UnknownNameError("loss between latents", name, _LATENT)
    loss = _LATENT[name]
    return lambda given, wanted: loss(given / deviation, wanted / deviation)


def objective_for(scorer: Scorer) -> Objective:
    """Find the loss that trains for a scorer.

    >>> objective_for(Scorer.MSE).__name__
    'mse'

    Raises:
        UnknownNameError: If no loss stands for it, as for a scorer that only judges.
    """
    if scorer not in _OBJECTIVES:
        raise UnknownNameError("loss for the scorer", scorer.value, _OBJECTIVES)
    return _OBJECTIVES[scorer]
