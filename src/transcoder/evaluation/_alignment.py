"""How alike two spaces are, whatever turns one into the other."""

import numpy as np
from numpy.typing import NDArray

from transcoder.evaluation._bootstrap import Bootstrap, Scores
from transcoder.evaluation._latent import checked_rows
from transcoder.vocabulary import Interval, Score


def linear_cka(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Measure linear centred kernel alignment in feature space.

    Kornblith et al. 2019, "Similarity of neural network representations revisited", equation 5:
    `|Y'X|² / (|X'X| |Y'Y|)` of centred columns, Frobenius norms. It costs rows times columns
    squared, where Gram matrices cost rows squared times columns. Rotations and one scale for
    all columns change nothing.

    Args:
        first: Any floating type, (row, dim).
        second: The same rows in another space, any floating type (row, other_dim).

    Returns:
        From 0 to 1; 0 where one of them does not vary.

    Raises:
        DataError: If there are no rows or their number differs.
        NonFiniteError: If a latent holds NaN or infinity.

    >>> corners = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> round(linear_cka(corners, 3 * corners[:, ::-1]), 6)
    1.0
    """
    return _cka(*_covariances(*_centred(first, second)))


def cka_score(
    name: str,
    first: NDArray[np.floating],
    second: NDArray[np.floating],
    *,
    bootstrap: Bootstrap,
) -> Score:
    """Measure linear CKA with an interval that costs no more than the measure itself.

    CKA is a smooth function of covariances, so that one more share of a row `i` changes it, to
    first order, by its empirical influence `U_i` (Efron 1982, "The jackknife, the bootstrap and
    other resampling plans", chapter 6). With centred rows x, y and the matrices S of CKA:

        U_i = CKA (2 x_i'Sxy y_i / |Sxy|² - x_i'Sxx x_i / |Sxx|² - y_i'Syy y_i / |Syy|²)

    The rows of `CKA + U_i`, whose mean is CKA, are drawn as those of any mean. The interval
    tells how much other rows would say otherwise; that CKA is too high where there are few rows
    for many columns it does not tell.

    Args:
        name: Of the score.
        first: Any floating type, (row, dim).
        second: The same rows in another space, (row, other_dim).
        bootstrap: How rows are drawn.

    Raises:
        DataError: If there are no rows or their number differs.
        NonFiniteError: If a latent holds NaN or infinity.
    """
    x, y = _centred(first, second)
    between, of_x, of_y = _covariances(x, y)
    value = _cka(between, of_x, of_y)
    if not value:
        return Score(name, value, len(first))
    pulls = 2 * _pull(x, between, y) - _pull(x, of_x, x) - _pull(y, of_y, y)
    drawn = bootstrap.mean(value * (1 + pulls))
    if drawn is None:
        return Score(name, value, len(first))
    low, high = (min(max(end, 0.0), 1.0) for end in (drawn.low, drawn.high))
    return Score(name, value, len(first), Interval(low, high, drawn.confidence))


Matrix = NDArray[np.float64]


def _covariances(x: Matrix, y: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Give those of both, of the first and of the second."""
    between, of_x, of_y = (a.T @ b / len(x) for a, b in ((x, y), (x, x), (y, y)))
    return between, of_x, of_y


def _cka(between: Matrix, of_x: Matrix, of_y: Matrix) -> float:
    within = float(np.linalg.norm(of_x) * np.linalg.norm(of_y))
    return float(np.linalg.norm(between) ** 2 / within) if within else 0.0


def _pull(x: Matrix, covariance: Matrix, y: Matrix) -> Scores:
    """Give x_i'Sy_i / |S|², whose mean over rows is 1, (row)."""
    pulls: Scores = ((x @ covariance) * y).sum(axis=1) / (covariance**2).sum()
    return pulls


def _centred(
    first: NDArray[np.floating], second: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = (each - each.mean(axis=0) for each in checked_rows(first, second))
    # One scale for all columns keeps squares of squares in range.
    x, y = (each / (np.abs(each).max() or 1.0) for each in (x, y))
    return x, y
