"""Out of the source's tensors, into the target's."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from transcoder.adapters._ends import MASK, End, Meeting, end_of, meeting_of
from transcoder.adapters._statistics import Statistics
from transcoder.errors import AdapterMismatchError
from transcoder.vocabulary import Spec


@final
class Frame(nn.Module):
    """Both ends of an adapter; between them numbers are standardised.

    Positions that a mask calls padding come in as zero and go out as zero.

    Args:
        source: The spec that comes in.
        target: The spec that goes out.
        statistics: Of the training rows.

    Raises:
        AdapterMismatchError: If an end is neither a vector nor a sequence, or of another length
            than the statistics.
    """

    def __init__(self, source: Spec, target: Spec, *, statistics: Statistics) -> None:
        super().__init__()
        self.source: End = end_of(source)
        self.target: End = end_of(target)
        self.meeting = meeting_of(self.source, self.target)
        measured = len(statistics.source_mean), len(statistics.target_mean)
        if measured != (self.source.dim, self.target.dim):
            reason = f"the training rows have the lengths {measured}"
            raise AdapterMismatchError("standardised", str(source), str(target), reason)
        self.source_mean: Tensor
        self.source_scale: Tensor
        self.target_mean: Tensor
        self.target_scale: Tensor
        for name in ("source_mean", "source_scale", "target_mean", "target_scale"):
            values = torch.tensor(getattr(statistics, name), dtype=torch.float32)
            self.register_buffer(name, values)

    def enter(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Standardise the source, (batch, [time,] dim); its mean over time for a vector."""
        given = tensors[self.source.name]
        if self.meeting is Meeting.POOLED:
            given = self._pooled(given, tensors)
        return (given - self.source_mean) / self.source_scale

    def enter_sequence(self, tensors: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Standardise the source as a sequence, a vector as one of one position.

        Returns:
            Numbers (batch, time, dim), zero where padded, and what exists, bool (batch, time).
        """
        given = tensors[self.source.name]
        if not self.source.is_sequence:
            given = given[:, None]
        exists = self._exists(given, tensors)
        standardised = (given - self.source_mean) / self.source_scale
        return standardised * exists[..., None], exists

    def leave(self, standardised: Tensor, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give the target its own scale, (batch, [time,] dim), its names, and its mask."""
        made = standardised * self.target_scale + self.target_mean
        if not self.target.is_sequence:
            return {self.target.name: made}
        alike = self.meeting is Meeting.ALIKE
        exists = self._exists(made, tensors if alike else {})
        mask = {MASK: exists} if self.target.has_mask else {}
        return {self.target.name: made * exists[..., None], **mask}

    def _pooled(self, given: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
        exists = self._exists(given, tensors)[..., None].to(given.dtype)
        return (given * exists).sum(dim=1) / exists.sum(dim=1).clamp(min=1)

    def _exists(self, sequence: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
        if self.source.has_mask and MASK in tensors:
            return tensors[MASK]
        return torch.ones_like(sequence[..., 0], dtype=torch.bool)
