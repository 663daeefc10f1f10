"""All closed forms, one after the other."""

from transcoder.adapters._affine import Affine
from transcoder.adapters._closed_form import (
    fit_identity,
    fit_mean,
    fit_procrustes,
    fit_reduced_rank,
    fit_ridge,
)
from transcoder.adapters._moments import Moments
from transcoder.adapters._self_learning import Pools, fit_self_learning


def fit_ladder(
    training: Moments, validation: Moments, pools: Pools | None = None
) -> tuple[Affine, ...]:
    """Fit every closed form, from the one that knows least to the one that knows most.

    Args:
        training: The rows to fit on.
        validation: The rows that choose the strength of ridge and the rank.
        pools: Rows without partners, where further pairs are to be looked for.

    Returns:
        Mean, identity, Procrustes with scale, reduced rank, ridge, the cheapest first; behind
        them self-learning where there are pools.

    Raises:
        DataError: If there are fewer than two training rows or no validation row.
    """
    ridge = fit_ridge(training, validation)
    rungs = (
        fit_mean(training),
        fit_identity(training),
        fit_procrustes(training, scale=True),
        fit_reduced_rank(training, validation, ridge=ridge),
        ridge,
    )
    if pools is None:
        return rungs
    return (*rungs, fit_self_learning(training, validation, pools))
