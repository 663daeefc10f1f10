"""How sure one may be of a mean, of a ratio of means, of a difference."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from transcoder.vocabulary import Interval

Scores: TypeAlias = NDArray[np.float64]
"""One number per row, (row)."""

_CHUNK = 2**21
"""How many drawn row numbers are held at once."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Percentile intervals by drawing rows with replacement.

    Efron 1979, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7.
    Several columns are always drawn together, row by row, so that a ratio or a difference is
    paired: what makes a row hard makes it hard for both.

    Attributes:
        resamples: How often the rows are drawn.
        seed: Of the draws.
        confidence: How much of the drawn values the interval holds.
    """

    resamples: int = 2000
    seed: int = 0
    confidence: float = 0.95

    def mean(self, scores: Scores) -> Interval | None:
        """Bracket the mean of a score per row (row); None for fewer than two rows."""
        return self._interval(scores[:, None], lambda means: means[:, 0])

    def ratio(self, above: Scores, below: Scores) -> Interval | None:
        """Bracket mean(above) / mean(below).

        Args:
            above: A score per row, (row).
            below: Another score of the same rows, (row).

        Returns:
            The interval; None for fewer than two rows, or if no draw has a positive mean below.
        """
        return self._interval(np.stack([above, below], axis=1), _ratio)

    def difference(self, first: Scores, second: Scores) -> Interval | None:
        """Bracket mean(first - second) of two scores of the same rows, (row) each."""
        return self.mean(first - second)

    def _interval(
        self, columns: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], Scores]
    ) -> Interval | None:
        if len(columns) <= 1:
            return None
        values = statistic(self._means(columns))
        if not len(values):
            return None
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(values, [tail, 1 - tail])
        return Interval(float(low), float(high), self.confidence)

    def _means(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average drawn rows of (row, column) to (resample, column)."""
        random = np.random.default_rng(self.seed)
        rows = len(columns)
        means = np.empty((self.resamples, columns.shape[1]))
        step = max(_CHUNK // rows, 1)
        for start in range(0, self.resamples, step):
            part = means[start : start + step]
            part[:] = columns[random.integers(0, rows, (len(part), rows))].mean(axis=1)
        return means


def _ratio(means: NDArray[np.float64]) -> Scores:
    positive = means[means[:, 1] > 0]
    return np.divide(positive[:, 0], positive[:, 1])
