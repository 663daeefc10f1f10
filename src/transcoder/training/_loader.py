"""Batches by row number: which rows, in which order, and where one stands."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
@dataclass(frozen=True, slots=True)
class Share:
    """The part of each batch that one of several devices takes.

    Attributes:
        rank: Which of them.
        world_size: How many there are.
    """

    rank: int = 0
    world_size: int = 1

    def of(self, rows: Rows) -> Rows:
        """Give its rows; the first come twice where the batch cannot be shared evenly.

        >>> Share(1, 2).of(np.arange(5)).tolist()
        [1, 3, 0]
        """
        if self.world_size == 1:
            return rows
        even = ceil(len(rows) / self.world_size) * self.world_size
        return np.resize(rows, even)[self.rank :: self.world_size]


@final
class IndexLoader:
    """Batches of one epoch after the other, whose place can be saved and found again.

    Args:
        parts: What a batch is made of, by name.
        order: The rows of each epoch.
        batch_size: Rows per batch; the last of an epoch may have fewer.
        share: What of each batch is taken.
    """

    def __init__(
        self,
        parts: Mapping[str, Stored],
        order: Order,
        *,
        batch_size: int,
        share: Share = Share(),
    ) -> None:
        self._parts = parts
        self._share = share
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
            mine = self._share.of(rows[start : start + self._batch_size])
            batch = take_batch(self._parts, mine)
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
class SoleLoader:
    """A loader under a name, as a combined one has several.

    Args:
        name: Of what is fed.
        loader: Gives its batches.
    """

    def __init__(self, name: str, loader: IndexLoader) -> None:
        self._name = name
        self._loader = loader

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[dict[str, dict[str, dict[str, Tensor]]]]:
        return ({self._name: batch} for batch in self._loader)

    def state_dict(self) -> dict[str, int]:
        """Tell where the next batch stands."""
        return self._loader.state_dict()

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on where another loader stood."""
        self._loader.load_state_dict(state)


@final
class SequentialLoader:
    """The same batches each time, one feed after the other, in the order of their rows.

    Args:
        feeds: By name, what a batch is made of, and row numbers, (row).
        batch_size: Rows per batch; the last of a feed may have fewer.
        share: What of each batch is taken.
    """

    def __init__(
        self,
        feeds: Mapping[str, tuple[Mapping[str, Stored], Rows]],
        *,
        batch_size: int,
        share: Share,
    ) -> None:
        self._feeds = feeds
        self._batch_size = batch_size
        self._share = share

    def __len__(self) -> int:
        return sum(ceil(len(rows) / self._batch_size) for _, rows in self._feeds.values())

    def __iter__(self) -> Iterator[dict[str, dict[str, dict[str, Tensor]]]]:
        for name, (parts, rows) in self._feeds.items():
            for start in range(0, len(rows), self._batch_size):
                mine = self._share.of(rows[start : start + self._batch_size])
                yield {name: take_batch(parts, mine)}


def take_batch(parts: Mapping[str, Stored], rows: Rows) -> dict[str, dict[str, Tensor]]:
    """Read the same rows of every part, as torch tensors."""
    return {
        part: {
            name: torch.from_numpy(np.require(array, requirements=["C", "W"]))
            for name, array in stored.take(rows).items()
        }
        for part, stored in parts.items()
    }
