"""Labels to symbols, and scores back to labels."""

from collections.abc import Sequence
from typing import final

import numpy as np

from transcoder.errors import OracleError
from transcoder.vocabulary import Tensors


@final
class ClassIndex:
    """Write a label as the one symbol of a row.

    Args:
        classes: How many there are; labels count from 0.

    >>> ClassIndex(classes=10)([7])[0]["symbol"]
    array([7])
    """

    def __init__(self, *, classes: int) -> None:
        self.classes = classes

    def __call__(self, values: Sequence[int]) -> list[dict[str, np.ndarray]]:
        """Give the "symbol" of each label, int64 (position), one position."""
        return [{"symbol": self._symbol(label, row)} for row, label in enumerate(values)]

    def _symbol(self, label: int, row: int) -> np.ndarray:
        if not 0 <= label < self.classes:
            reason = f"{label} is none of the labels 0 to {self.classes - 1}"
            raise OracleError(type(self).__name__, row, reason)
        return np.array([label], dtype=np.int64)


@final
class MostLikely:
    """Read the label off scores: the class whose score is the highest.

    >>> MostLikely()([{"logits": np.array([[0.1, 2.0, 0.3]], np.float32)}])
    [1]
    """

    def __call__(self, values: Sequence[Tensors]) -> list[int]:
        """Give the label of each row's "logits", floating (position, class), one position."""
        return [self._label(tensors, row) for row, tensors in enumerate(values)]

    def _label(self, tensors: Tensors, row: int) -> int:
        logits = tensors["logits"]
        if logits.ndim != 2 or len(logits) != 1:  # noqa: PLR2004  # position and class
            reason = f"logits have the shape {logits.shape} but (1, class) is wanted"
            raise OracleError(type(self).__name__, row, reason)
        return int(logits[0].argmax())
