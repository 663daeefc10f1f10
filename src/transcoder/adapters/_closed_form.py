"""Maps that a formula gives: fitted in seconds, in float64, with no step size to choose."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from transcoder.adapters._affine import Affine
from transcoder.adapters._moments import Matrix, Moments
from transcoder.errors import DataError

LAMBDAS = tuple(float(each) for each in np.logspace(-8, 2, 21))
"""Ridge penalties to try, in units of the mean variance of a source column times the rows."""


def fit_mean(training: Moments) -> Affine:
    """Give the mean target whatever comes in: what any honest map must beat.

    Raises:
        DataError: If there are fewer than two rows.
    """
    shape = training.at_least(2).cross_products.shape
    return Affine("mean", np.zeros(shape), training.target_mean)


def fit_identity(training: Moments) -> Affine:
    """Pass numbers through in their order; missing ones are zero, surplus ones are dropped.

    Raises:
        DataError: If there are fewer than two rows.
    """
    source_dim, target_dim = training.at_least(2).cross_products.shape
    return Affine("identity", np.eye(source_dim, target_dim), np.zeros(target_dim))


def fit_procrustes(training: Moments, *, scale: bool = False) -> Affine:
    """Turn the centred source onto the centred target, without stretching single directions.

    Both sides are padded with zeros to the larger dimension; the rotation UV' comes from the
    singular vectors of X'Y = USV' (Schönemann 1966, "A generalized solution of the orthogonal
    Procrustes problem", Psychometrika 31), the factor sum(S) / |X|² from Schönemann and
    Carroll 1970 ("Fitting one matrix to another under choice of a central dilation and a
    rigid motion", Psychometrika 35).

    Args:
        training: The rows to fit on.
        scale: Whether one factor may stretch all directions alike.

    Raises:
        DataError: If there are fewer than two rows.
    """
    source_dim, target_dim = training.at_least(2).cross_products.shape
    cross = np.zeros((max(source_dim, target_dim),) * 2)
    cross[:source_dim, :target_dim] = training.cross_products
    left, values, right = np.linalg.svd(cross)
    energy = float(np.trace(training.source_products))
    factor = float(values.sum()) / energy if scale and energy > 0 else 1.0
    weight = factor * (left @ right)[:source_dim, :target_dim]
    return _through_means("procrustes", weight, training)


def fit_ridge(
    training: Moments, validation: Moments, *, lambdas: Sequence[float] = LAMBDAS
) -> Affine:
    """Least squares with a penalty on the weights, its strength chosen on validation rows.

    W = (X'X + lambda I)^-1 X'Y on centred rows (Hoerl and Kennard 1970, "Ridge regression:
    biased estimation for nonorthogonal problems", Technometrics 12), for all penalties from
    one eigendecomposition of X'X. The one with the highest validation R² wins, of equals the
    strongest, so that constant, duplicated or missing directions do no harm.

    Args:
        training: The rows to fit on.
        validation: The rows that choose.
        lambdas: Positive penalties to try, in units of the mean eigenvalue of X'X.

    Raises:
        DataError: If there are fewer than two training rows, no validation row or no lambda.
    """
    if not lambdas or min(lambdas) <= 0:
        raise DataError(
            "pairs of latents", f"lambdas are {list(lambdas)}", "name positive ones"
        )
    validation.at_least(1)
    values, vectors = np.linalg.eigh(training.at_least(2).source_products)
    unit = float(values.mean()) or 1.0
    turned = vectors.T @ training.cross_products

    def weight(share: float) -> Matrix:
        return vectors @ (turned / (values.clip(min=0) + share * unit)[:, None])

    def error(share: float) -> float:
        return squared_error(_through_means("ridge", weight(share), training), validation)

    best = weight(min(sorted(lambdas, reverse=True), key=error))
    return _through_means("ridge", best, training)


def fit_reduced_rank(training: Moments, validation: Moments, *, ridge: Affine) -> Affine:
    """Squeeze ridge through few directions of the target, their number chosen on validation.

    Reduced-rank regression (Izenman 1975, "Reduced-rank regression for the multivariate linear
    model", Journal of Multivariate Analysis 5): with V_r the r liveliest directions of what
    ridge gives on training rows, the weight is W V_r V_r'. The rank with the highest
    validation R² wins, of equals the lowest; full rank is ridge itself and not tried.

    Args:
        training: The rows that ridge was fitted on.
        validation: The rows that choose.
        ridge: What is squeezed.

    Raises:
        DataError: If there are fewer than two training rows or no validation row.
    """
    validation.at_least(1)
    spread = ridge.weight.T @ training.at_least(2).source_products @ ridge.weight
    _, directions = np.linalg.eigh(spread)
    full = min(ridge.weight.shape)
    ranks = [2**power for power in range(full.bit_length()) if 2**power < full] or [full]

    def squeezed(rank: int) -> Affine:
        kept = directions[:, -rank:]
        through = _through_means("reduced_rank", ridge.weight @ kept @ kept.T, training)
        return replace(through, rank=rank)

    return min(
        (squeezed(rank) for rank in ranks), key=lambda each: squared_error(each, validation)
    )


def squared_error(affine: Affine, rows: Moments) -> float:
    """Sum the squared errors of a map over rows, from their moments alone.

    |XW + b - Y|² = tr(W'X'XW) - 2 tr(W'X'Y) + tr(Y'Y) of centred rows, and for each row the
    squared error at the means.
    """
    weight = affine.weight
    spread = float(((rows.source_products @ weight) * weight).sum())
    spread += float(rows.target_squares.sum() - 2 * (rows.cross_products * weight).sum())
    at_means = affine.apply(rows.source_mean) - rows.target_mean
    return max(spread, 0.0) + rows.rows * float((at_means**2).sum())


def _through_means(name: str, weight: Matrix, training: Moments) -> Affine:
    return Affine(name, weight, training.target_mean - training.source_mean @ weight)
