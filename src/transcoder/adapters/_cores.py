"""Trainable adapters that map vector by vector; each is a module over named tensors."""

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn
from typing_extensions import override

from transcoder.adapters._frame import Frame


@final
class LinearAdapter(nn.Module):
    """One affine map that starts at a closed form.

    Args:
        frame: Both ends.
        affine: From standardised source to standardised target, in one layer or two.
    """

    def __init__(self, frame: Frame, affine: nn.Linear | nn.Sequential) -> None:
        super().__init__()
        self.frame = frame
        self.affine = affine

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map the source's (batch, [time,] dim) to the target's (batch, [time,] dim)."""
        return self.frame.leave(self.affine(self.frame.enter(tensors)), tensors)


@final
class MlpAdapter(nn.Module):
    """A plain net.

    Args:
        frame: Both ends.
        net: From standardised source to standardised target.
        noise: Deviation of what training adds to the standardised source.
    """

    def __init__(self, frame: Frame, net: nn.Sequential, *, noise: float = 0.0) -> None:
        super().__init__()
        self.frame = frame
        self.net = net
        self.noise = noise

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map the source's (batch, [time,] dim) to the target's (batch, [time,] dim)."""
        entered = _noisy(self.frame.enter(tensors), self.noise if self.training else 0.0)
        return self.frame.leave(self.net(entered), tensors)


@final
class ResidualAdapter(nn.Module):
    """A closed form plus a net whose last layer is zero at the start.

    Args:
        frame: Both ends.
        affine: From standardised source to standardised target.
        branch: Likewise, added to it.
        noise: Deviation of what training adds to the standardised source.
    """

    def __init__(
        self,
        frame: Frame,
        affine: nn.Linear,
        branch: nn.Sequential,
        *,
        noise: float = 0.0,
    ) -> None:
        super().__init__()
        self.frame = frame
        self.affine = affine
        self.branch = branch
        self.noise = noise

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map the source's (batch, [time,] dim) to the target's (batch, [time,] dim)."""
        entered = _noisy(self.frame.enter(tensors), self.noise if self.training else 0.0)
        return self.frame.leave(self.affine(entered) + self.branch(entered), tensors)


def _noisy(vectors: Tensor, deviation: float) -> Tensor:
    return vectors + deviation * torch.randn_like(vectors) if deviation else vectors
