"""Batches by row number: which rows, in which order, and where one stands."""

from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Protocol, TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcoder.vocabulary import Tensors

Rows: TypeAlias = NDArray[np.int64]
"""Row numbers, (row)."""

Order: TypeAlias = Callable[[int], Rows]
"""From the number of an epoch to its rows, always equally many."""


class Stored(Protocol):
    """Tensors of a modality for every row of a dataset."""

    def take(self, rows: Rows) -> Tensors:
        """Read rows, batch axis first, padded with zeros."""
        ...


@final
class IndexLoader:
    """Batches of one epoch after the other, whose place can be saved and found again.

    Args:
        parts: What a batch is made of, by name.
        order: The rows of each epoch.
        batch_size: Rows per batch; the last of an epoch may have fewer.
    """

    def __init__(self, parts: Mapping[str, Stored], order: Order, *, batch_size: int) -> None:
        self._parts = parts
        self._order = order
        self._batch_size = batch_size
        self._epoch = 0
        self._position = 0
        self._length = ceil(len(order(0)) / batch_size)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[dict[str, dict[str, Tensor]]]:
        epoch = self._epoch
        rows = self._order(epoch)
        while self._epoch == epoch:
            start = self._position * self._batch_size
            batch = take_batch(self._parts, rows[start : start + self._batch_size])
            # The place moves before the batch leaves: a checkpoint of the last batch must
            # say that the next epoch comes next.
            self._position += 1
            if self._position == self._length:
                self._epoch, self._position = epoch + 1, 0
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Tell where the next batch stands."""
        return {"epoch": self._epoch, "position": self._position}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on where another loader stood."""
        self._epoch, self._position = state["epoch"], state["position"]


@final
class SequentialLoader:
    """The same batches each time, in the order of the rows.

    Args:
        parts: What a batch is made of, by name.
        rows: Row numbers, (row).
        batch_size: Rows per batch; the last may have fewer.
    """

    def __init__(self, parts: Mapping[str, Stored], rows: Rows, *, batch_size: int) -> None:
        self._parts = parts
        self._rows = rows
        self._batch_size = batch_size

    def __len__(self) -> int:
        return ceil(len(self._rows) / self._batch_size)

    def __iter__(self) -> Iterator[dict[str, dict[str, Tensor]]]:
        for start in range(0, len(self._rows), self._batch_size):
            yield take_batch(self._parts, self._rows[start : start + self._batch_size])


def take_batch(parts: Mapping[str, Stored], rows: Rows) -> dict[str, dict[str, Tensor]]:
    """Read the same rows of every part, as torch tensors."""
    return {
        part: {
            name: torch.from_numpy(np.require(array, requirements=["C", "W"]))
            for name, array in stored.take(rows).items()
        }
        for part, stored in parts.items()
    }
