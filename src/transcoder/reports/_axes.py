"""A frame with numbers at its sides, onto which charts put their points."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from transcoder.reports._svg import MUTED, RULE, Point, line, words

_TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of numbers along one side.

    Attributes:
        low: Where it begins.
        high: Where it ends, above `low`.
        is_logarithmic: Whether equal ratios are equally long; then `low` is above 0.
    """

    low: float
    high: float
    is_logarithmic: bool = False

    @classmethod
    def around(cls, values: Iterable[float], *, is_logarithmic: bool = False) -> "Axis":
        """Span some values with a little air; what is not finite does not count.

        Args:
            values: Any, also none.
            is_logarithmic: Whether it is; values of 0 and below do not count then.
        """
        least = 0.0 if is_logarithmic else -math.inf
        finite = [each for each in values if math.isfinite(each) and each > least]
        low, high = (min(finite), max(finite)) if finite else (1.0, 1.0)
        if is_logarithmic:
            ratio = max(high / low, 1.5) ** 0.05
            return cls(low / ratio, high * ratio, is_logarithmic=True)
        air = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
        return cls(low - air, high + air)

    def share(self, value: float) -> float:
        """Say how far along a value stands, 0 at the begin and 1 at the end."""
        if self.is_logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Choose round numbers within the range."""
        if self.is_logarithmic:
            return self._logarithmic_ticks()
        rough = (self.high - self.low) / _TICKS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = unit * next(each for each in (1, 2, 5, 10) if each * unit >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [number * step for number in range(first, last + 1)]

    def _logarithmic_ticks(self) -> list[float]:
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        found: list[float] = []
        for factors in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
            found = [
                factor * 10.0**power
                for power in powers
                for factor in factors
                if self.low <= factor * 10.0**power <= self.high
            ]
            if len(found) > 2:  # noqa: PLR2004  # two numbers do not show a scale
                break
        return found


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle in pixels with its axes.

    Attributes:
        left: Of the rectangle.
        top: Of the rectangle.
        width: Of the rectangle.
        height: Of the rectangle.
        x: From left to right.
        y: From bottom to top.
    """

    left: float
    top: float
    width: float
    height: float
    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> Point:
        """Find where two values meet."""
        across, up = self.x.share(x), self.y.share(y)
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def x_rules(self) -> list[str]:
        """Draw the numbers under the rectangle."""
        parts = []
        for tick in self.x.ticks():
            x, bottom = self.at(tick, self.y.low)
            parts.append(line([(x, self.top), (x, bottom)], RULE))
            parts.append(words((x, bottom + 15), shown(tick), size=10.5, anchor="middle"))
        return parts

    def y_rules(self) -> list[str]:
        """Draw the numbers at the left of the rectangle."""
        parts = []
        for tick in self.y.ticks():
            left, y = self.at(self.x.low, tick)
            parts.append(line([(left, y), (left + self.width, y)], RULE))
            parts.append(words((left - 6, y + 4), shown(tick), size=10.5, anchor="end"))
        return parts

    def titles(self, x: str, y: str = "") -> list[str]:
        """Name what stands along the axes."""
        below = self.left + self.width / 2, self.top + self.height + 32
        parts = [words(below, x, size=11, anchor="middle", colour=MUTED)]
        if y:
            parts.append(words((self.left, self.top - 8), y, size=11, colour=MUTED))
        return parts


def shown(number: float) -> str:
    """Write a number as short as it stays clear.

    >>> shown(0.30000000000000004), shown(20000.0), shown(0.00005)
    ('0.3', '20000', '5e-05')
    """
    return f"{number:.4g}" if abs(number) < 10_000 else f"{number:.6g}"  # noqa: PLR2004  # five digits
