"""Measured numbers, with how sure one may be of them."""

from dataclasses import dataclass

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the value lies, by bootstrap, at the stated confidence."""

    low: float
    high: float
    confidence: float = 0.95

    @property
    def is_above_zero(self) -> bool:
        """Whether all of it is positive: of a difference, 'better than'."""
        return self.low > 0

    @property
    def is_below_zero(self) -> bool:
        """Whether all of it is negative: of a difference, 'loses to'."""
        return self.high < 0

    @override
    def __str__(self) -> str:
        return f"[{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Score:
    """One measurement.

    Attributes:
        name: `split/metric`, such as `test/retention`.
        value: The measurement.
        rows: On how many rows.
        interval: Its bootstrap interval, where there is one.
    """

    name: str
    value: float
    rows: int
    interval: Interval | None = None

    @override
    def __str__(self) -> str:
        interval = f" {self.interval}" if self.interval else ""
        return f"{self.value:.3f}{interval}"
