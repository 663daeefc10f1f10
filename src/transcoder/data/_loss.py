"""What shorter numbers on disk lose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from typing_extensions import override

from transcoder.errors import StorageError
from transcoder.vocabulary import Array, JsonValue

_SMALLEST = 2.0**-14  # below it float16 is not normal, and its relative error has no bound


@dataclass(frozen=True, slots=True)
class Loss:
    """What the numbers of one tensor have lost on their way to disk.

    Attributes:
        largest: The largest relative error, over numbers of 2^-14 or more; below that float16
            errs by up to 3e-8.
        squares: Sum of squared errors.
        spread: Sum of squared distances from the mean row, within what was written together;
            a little less than over all rows, so that R² is told a little too low.
    """

    largest: float = 0.0
    squares: float = 0.0
    spread: float = 0.0

    @property
    def r2(self) -> float:
        """The share of the variance that is kept, R²; 1 where nothing is lost."""
        return 1.0 - self.squares / self.spread if self.squares else 1.0

    @override
    def __str__(self) -> str:
        return f"largest relative error {self.largest:.1e}, R² {self.r2:.9f}"

    def after(self, exact: Array, kept: Array) -> Self:
        """Add numbers.

        Args:
            exact: As they were, (row or step, ...).
            kept: As they are stored.
        """
        if not exact.size:
            return self
        wide, short = exact.astype(np.float64), kept.astype(np.float64)
        error = np.abs(wide - short)
        size = np.abs(wide)
        ratios = np.divide(error, size, out=np.zeros_like(error), where=size >= _SMALLEST)
        return type(self)(
            max(self.largest, float(ratios.max())),
            self.squares + float(np.square(error).sum()),
            self.spread + float(np.square(wide - wide.mean(axis=0)).sum()),
        )


def shortened(exact: Array, dtype: np.dtype[np.generic], name: str, place: str) -> Array:
    """Make numbers shorter.

    Raises:
        StorageError: If one is too large for that.
    """
    with np.errstate(over="ignore"):
        kept = exact.astype(dtype)
    if not np.isfinite(kept).all():
        largest = float(np.abs(exact).max())
        reason = f"{name!r} holds {largest:.3g}, more than {dtype} can"
        raise StorageError(place, reason, "store it in full, without data.storage_dtype")
    return kept


def losses_json(losses: Mapping[str, Loss]) -> JsonValue:
    """Write losses down."""
    return {name: [each.largest, each.squares, each.spread] for name, each in losses.items()}


def losses_of(told: Mapping[str, object]) -> dict[str, Loss]:
    """Read what was written down."""
    found = told.get("losses")
    if not isinstance(found, dict):
        return {}
    return {name: Loss(*map(float, each)) for name, each in found.items()}
