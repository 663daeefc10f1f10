"""Which loss stands for which scorer."""

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from transcoder.errors import UnknownNameError
from transcoder.objectives._losses import cosine_distance, cross_entropy, mse
from transcoder.vocabulary import Scorer

Objective: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Of what was given and what was wanted, a scalar to make small."""

_OBJECTIVES: dict[Scorer, Objective] = {
    Scorer.COSINE: cosine_distance,
    Scorer.CROSS_ENTROPY: cross_entropy,
    Scorer.MSE: mse,
}


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
