"""Maps that a formula gives: fitted in seconds, in float64, with no step size to choose."""

from collections.abc import Sequence

import numpy as np

from transcoder.adapters._affine import Affine, Matrix, Pairs
from transcoder.errors import DataError

LAMBDAS = tuple(float(each) for each in np.logspace(-8, 2, 21))
"""Ridge penalties to try, in units of the mean variance of a source column times the rows."""


def fit_mean(training: Pairs) -> Affine:
    """Give the mean target whatever comes in: what any honest map must beat.

    Raises:
        DataError: If there are fewer than two rows.
    """
    x, y = training.at_least(2).source, training.target
    return Affine("mean", np.zeros((x.shape[1], y.shape[1])), y.mean(axis=0))


def fit_identity(training: Pairs) -> Affine:
    """Pass numbers through in their order; missing ones are zero, surplus ones are dropped.

    Raises:
        DataError: If there are fewer than two rows.
    """
    x, y = training.at_least(2).source, training.target
    return Affine("identity", np.eye(x.shape[1], y.shape[1]), np.zeros(y.shape[1]))


def fit_procrustes(training: Pairs, *, scale: bool = False) -> Affine:
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
    x, y, source_mean, target_mean = _centred(training)
    source_dim, target_dim = x.shape[1], y.shape[1]
    cross = np.zeros((max(source_dim, target_dim),) * 2)
    cross[:source_dim, :target_dim] = x.T @ y
    left, values, right = np.linalg.svd(cross)
    energy = float((x**2).sum())
    factor = float(values.sum()) / energy if scale and energy > 0 else 1.0
    weight = factor * (left @ right)[:source_dim, :target_dim]
    return Affine("procrustes", weight, target_mean - source_mean @ weight)


def fit_ridge(
    training: Pairs, validation: Pairs, *, lambdas: Sequence[float] = LAMBDAS
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
    x, y, source_mean, target_mean = _centred(training)
    values, vectors = np.linalg.eigh(x.T @ x)
    unit = float(values.mean()) or 1.0
    turned = vectors.T @ (x.T @ y)

    def weight(share: float) -> Matrix:
        return vectors @ (turned / (values.clip(min=0) + share * unit)[:, None])

    def error(share: float) -> float:
        given = (validation.source - source_mean) @ weight(share) + target_mean
        return float(((given - validation.target) ** 2).sum())

    best = weight(min(sorted(lambdas, reverse=True), key=error))
    return Affine("ridge", best, target_mean - source_mean @ best)


def fit_ladder(training: Pairs, validation: Pairs) -> tuple[Affine, ...]:
    """Fit every closed form, from the one that knows least to the one that knows most.

    Args:
        training: The rows to fit on.
        validation: The rows that choose the strength of ridge.

    Returns:
        Mean, identity, Procrustes with scale, ridge.

    Raises:
        DataError: If there are fewer than two training rows or no validation row.
    """
    return (
        fit_mean(training),
        fit_identity(training),
        fit_procrustes(training, scale=True),
        fit_ridge(training, validation),
    )


def _centred(training: Pairs) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    x, y = training.at_least(2).source, training.target
    source_mean, target_mean = x.mean(axis=0), y.mean(axis=0)
    return x - source_mean, y - target_mean, source_mean, target_mean
