"""What a benchmark needs to know of a net."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Net:
    """A net and how to feed it.

    Attributes:
        name: For `--only`.
        make: Builds it with random weights.
        feed: From a batch, a length and a source of randomness to the inputs.
        axes: For each input, which of its axes may have any length.
        size: Batch and length at export and where time is measured.
        other: Another batch and length.
    """

    name: str
    make: Callable[[], nn.Module]
    feed: Callable[[int, int, torch.Generator], tuple[Tensor, ...]]
    axes: tuple[Mapping[int, str], ...]
    size: tuple[int, int] = (8, 32)
    other: tuple[int, int] = (3, 20)

    def inputs(self, size: tuple[int, int]) -> tuple[Tensor, ...]:
        """Make inputs of one batch and length, the same on every call."""
        return self.feed(*size, torch.Generator().manual_seed(7))


def floats(*shape: int) -> Callable[[int, int, torch.Generator], tuple[Tensor, ...]]:
    """Feed normal numbers; 0 stands for the batch, -1 for the length."""

    def feed(batch: int, length: int, source: torch.Generator) -> tuple[Tensor, ...]:
        places = {0: batch, -1: length}
        return (torch.randn([places.get(each, each) for each in shape], generator=source),)

    return feed
