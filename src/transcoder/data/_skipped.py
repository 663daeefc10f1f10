"""Rows that cannot be used: counted by reason, and left out up to a limit."""

from collections.abc import Mapping
from typing import final

import numpy as np

from transcoder.errors import ConversionError, DataError, NonFiniteError, OracleError
from transcoder.vocabulary import Array

UNUSABLE: Array = np.empty(0, dtype="V1")
"""Stands in a column where a row holds nothing that can be used; equal to no value."""

EMPTY_TEXT = "empty text"


@final
class SkippedRows:
    """Which rows of a dataset are left out, and why; shared by all of its columns and routes.

    Args:
        dataset: What errors call it.
        most: How many rows may be left out.

    Attributes:
        reasons: From the number of a row that is left out to why.
    """

    def __init__(self, dataset: str, most: int = 0) -> None:
        self.dataset = dataset
        self.most = most
        self.reasons: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.reasons)

    def __contains__(self, row: int) -> bool:
        return row in self.reasons

    @property
    def rows(self) -> tuple[int, ...]:
        """Numbers of the rows that are left out, rising."""
        return tuple(sorted(self.reasons))

    def note(self, reasons: Mapping[int, str]) -> None:
        """Leave rows out; a row that is left out already keeps its reason.

        Args:
            reasons: From the number of a row to why, in words that rows of a kind share.

        Raises:
            DataError: If they are more than may be left out.
        """
        self.reasons = {**reasons, **self.reasons}
        if len(self.reasons) > self.most:
            count = len(self.reasons)
            shown = f"{count} row{'s' if count > 1 else ''} so far cannot be used"
            found = f"{shown} and data.max_skipped is {self.most}: {self.summary}"
            remedy = f"correct these rows, or allow more with data.max_skipped={2 * count}"
            raise DataError(self.dataset, found, remedy)

    def between(self, start: int, stop: int) -> dict[int, str]:
        """Give the rows from start to before stop that are left out, and why."""
        return {row: why for row, why in self.reasons.items() if start <= row < stop}

    @property
    def summary(self) -> str:
        """Count by reason, the commonest first, each with its first row."""
        rows: dict[str, list[int]] = {}
        for row in self.rows:
            rows.setdefault(self.reasons[row], []).append(row)
        by_count = sorted(rows.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        return ", ".join(
            f"{len(each)} for {why} (first row {each[0]})" for why, each in by_count
        )


def refused_row(error: Exception) -> tuple[int, str] | None:
    """Say which single row an error is about, and why in words that such rows share.

    Args:
        error: As a runner raises it.

    Returns:
        Number and reason; None where it is not about one row.
    """
    if isinstance(error, NonFiniteError):
        return error.row, f"NaN or infinity from {error.where}"
    if isinstance(error, OracleError) and error.index is not None:
        return error.index, f"what the oracle {error.oracle!r} refuses"
    if isinstance(error, ConversionError) and error.index is not None:
        return error.index, error.reason
    return None
