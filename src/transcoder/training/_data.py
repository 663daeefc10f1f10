"""The latent store, as Lightning sees it."""

from collections.abc import Mapping
from typing import final

from lightning.pytorch import LightningDataModule
from typing_extensions import override

from transcoder.errors import DataError
from transcoder.training._loader import IndexLoader, Order, Rows, SequentialLoader, Stored


@final
class LatentDataModule(LightningDataModule):
    """Batches of stored tensors: the source and every reference of the same rows.

    Args:
        parts: The tensors, by the names that the learning graph's terms use.
        order: The training rows of each epoch.
        validation: Row numbers that choose, (row).
        batch_size: Rows per training step.

    Raises:
        DataError: If there are no training rows or no validation rows.
    """

    def __init__(
        self, parts: Mapping[str, Stored], order: Order, *, validation: Rows, batch_size: int
    ) -> None:
        super().__init__()
        for split, count in (("train", len(order(0))), ("validation", len(validation))):
            if not count:
                reason = f"the split {split!r} has no rows"
                raise DataError("stored latents", reason, "add rows or change the shares")
        self._training = IndexLoader(parts, order, batch_size=batch_size)
        self._validation = SequentialLoader(parts, validation, batch_size=batch_size)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return len(self._training)

    @override
    def train_dataloader(self) -> IndexLoader:
        """Give the batches that are learnt from."""
        return self._training

    @override
    def val_dataloader(self) -> SequentialLoader:
        """Give the batches that choose."""
        return self._validation
