"""How alike two spaces are, whatever turns one into the other."""

import numpy as np
from numpy.typing import NDArray

from transcoder.evaluation._latent import checked_rows


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
    x, y = (each - each.mean(axis=0) for each in checked_rows(first, second))
    # One scale for all columns keeps squares of squares in range.
    x, y = (each / (np.abs(each).max() or 1.0) for each in (x, y))
    within = float(np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
    return float(np.linalg.norm(y.T @ x) ** 2 / within) if within else 0.0
