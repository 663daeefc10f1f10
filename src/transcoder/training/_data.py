"""The latent store, as Lightning sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import final

from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import CombinedLoader
from typing_extensions import override

from transcoder.errors import DataError
from transcoder.training._loader import (
    IndexLoader,
    Order,
    Rows,
    SequentialLoader,
    Share,
    SoleLoader,
    Stored,
)


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """Rows that come in by one route, with all that they are compared with.

    Attributes:
        name: As the learning graph calls it.
        parts: The tensors, by the names that its terms use.
        order: The training rows of each epoch.
        validation: Row numbers that choose, (row).
    """

    name: str
    parts: Mapping[str, Stored]
    order: Order
    validation: Rows


@final
class LatentDataModule(LightningDataModule):
    """Batches of stored tensors: the source and every reference of the same rows.

    A step takes one batch of each feed. An epoch is as long as the longest of them; shorter
    ones begin anew meanwhile. Several devices share each batch.

    Args:
        feeds: What is learnt from; one at least.
        batch_size: Rows of each feed per training step, on all devices together.

    Raises:
        DataError: If a feed has no training rows or no validation rows.
    """

    def __init__(self, feeds: Sequence[Feed], *, batch_size: int) -> None:
        super().__init__()
        for feed in feeds:
            counts = {"train": len(feed.order(0)), "validation": len(feed.validation)}
            for split, count in counts.items():
                if not count:
                    reason = f"the split {split!r} has no rows"
                    raise DataError("stored latents", reason, "add rows or change the shares")
        self._feeds = tuple(feeds)
        self._batch_size = batch_size

    @property
    def steps_per_epoch(self) -> int:
        """How many steps an epoch has."""
        return max(ceil(len(feed.order(0)) / self._batch_size) for feed in self._feeds)

    @override
    def train_dataloader(self) -> SoleLoader | CombinedLoader:
        """Give the batches that are learnt from."""
        share = self._share()
        loaders = {
            feed.name: IndexLoader(
                feed.parts, feed.order, batch_size=self._batch_size, share=share
            )
            for feed in self._feeds
        }
        if len(loaders) == 1:
            return SoleLoader(*loaders.popitem())
        return CombinedLoader(loaders, mode="max_size_cycle")

    @override
    def val_dataloader(self) -> SequentialLoader:
        """Give the batches that choose, one feed after the other."""
        rows = {feed.name: (feed.parts, feed.validation) for feed in self._feeds}
        return SequentialLoader(rows, batch_size=self._batch_size, share=self._share())

    def _share(self) -> Share:
        if self.trainer is None:
            return Share()
        return Share(self.trainer.global_rank, self.trainer.world_size)
