"""Trainable adapters between two vectors; each is a module from named tensors to named ones."""

from collections.abc import Iterator, Mapping
from typing import assert_never, final

import numpy as np
import torch
from torch import Generator, Tensor, nn
from typing_extensions import override

from transcoder.adapters._affine import Affine
from transcoder.adapters._settings import (
    AdapterSettings,
    LinearSettings,
    LowRankSettings,
    MlpSettings,
    ResidualSettings,
)
from transcoder.adapters._vector import Statistics, VectorFrame
from transcoder.errors import AdapterMismatchError
from transcoder.vocabulary import Spec


@final
class LinearAdapter(nn.Module):
    """One affine map that starts at a closed form.

    Args:
        frame: Both ends.
        affine: From standardised source to standardised target, in one layer or two.
    """

    def __init__(self, frame: VectorFrame, affine: nn.Linear | nn.Sequential) -> None:
        super().__init__()
        self.frame = frame
        self.affine = affine

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map the source's (batch, source_dim) to the target's (batch, target_dim)."""
        return self.frame.leave(self.affine(self.frame.enter(tensors)))


@final
class MlpAdapter(nn.Module):
    """A plain net.

    Args:
        frame: Both ends.
        net: From standardised source to standardised target.
        noise: Deviation of what training adds to the standardised source.
    """

    def __init__(self, frame: VectorFrame, net: nn.Sequential, *, noise: float = 0.0) -> None:
        super().__init__()
        self.frame = frame
        self.net = net
        self.noise = noise

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map the source's (batch, source_dim) to the target's (batch, target_dim)."""
        entered = _noisy(self.frame.enter(tensors), self.noise if self.training else 0.0)
        return self.frame.leave(self.net(entered))


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
        frame: VectorFrame,
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
        """Map the source's (batch, source_dim) to the target's (batch, target_dim)."""
        entered = _noisy(self.frame.enter(tensors), self.noise if self.training else 0.0)
        return self.frame.leave(self.affine(entered) + self.branch(entered))


def build_adapter(
    settings: AdapterSettings,
    source: Spec,
    *,
    target: Spec,
    start: Affine,
    statistics: Statistics,
    generator: Generator,
) -> LinearAdapter | MlpAdapter | ResidualAdapter:
    """Make the core that the settings name, between two specs.

    Args:
        settings: Which core, and what is chosen about it.
        source: What it takes: one vector.
        target: What it gives: one vector.
        start: The closed form that the linear and the residual core begin as.
        statistics: Of the training rows.
        generator: Draws the first weights, on the CPU; nothing else is random.

    Raises:
        AdapterMismatchError: If a spec is no vector, or the closed form is of another shape.
    """
    frame = VectorFrame(source, target, statistics=statistics)
    if start.weight.shape != (frame.source_dim, frame.target_dim):
        reason = f"the closed form {start.name!r} has the shape {start.weight.shape}"
        raise AdapterMismatchError("vector to vector", str(source), str(target), reason)
    match settings:
        case LinearSettings():
            return LinearAdapter(frame, _affine(statistics, start))
        case LowRankSettings():
            return LinearAdapter(frame, _squeezed(statistics, start, settings.rank))
        case MlpSettings():
            net = nn.Sequential(*_layers(settings, frame, generator))
            return MlpAdapter(frame, net, noise=settings.noise)
        case ResidualSettings():
            affine = _affine(statistics, start).requires_grad_(settings.train_start)
            branch = nn.Sequential(*_layers(settings, frame, generator))
            nn.init.zeros_(branch[-1].get_parameter("weight"))
            nn.init.zeros_(branch[-1].get_parameter("bias"))
            return ResidualAdapter(frame, affine, branch, noise=settings.noise)
        case _:
            assert_never(settings)


def _affine(statistics: Statistics, start: Affine) -> nn.Linear:
    weight, bias = statistics.standardised(start)
    linear = _bare(*weight.shape)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weight.T))
        linear.bias.copy_(torch.from_numpy(bias))
    return linear


def _squeezed(statistics: Statistics, start: Affine, rank: int) -> nn.Sequential:
    """Split the closed form into two layers by its largest singular values (Eckart, Young)."""
    weight, bias = statistics.standardised(start)
    left, values, right = np.linalg.svd(weight, full_matrices=False)
    kept = min(rank, len(values))
    shares = np.sqrt(values[:kept])
    down, up = _bare(weight.shape[0], kept), _bare(kept, weight.shape[1])
    with torch.no_grad():
        down.weight.copy_(torch.from_numpy((left[:, :kept] * shares).T))
        down.bias.zero_()
        up.weight.copy_(torch.from_numpy((shares[:, None] * right[:kept]).T))
        up.bias.copy_(torch.from_numpy(bias))
    return nn.Sequential(down, up)


def _layers(
    settings: MlpSettings | ResidualSettings, frame: VectorFrame, generator: Generator
) -> Iterator[nn.Module]:
    width = frame.source_dim
    for _ in range(settings.depth):
        yield _linear(width, settings.hidden, generator)
        yield nn.GELU()
        if settings.dropout:
            yield nn.Dropout(settings.dropout)
        width = settings.hidden
    yield _linear(width, frame.target_dim, generator)


def _linear(source_dim: int, target_dim: int, generator: Generator) -> nn.Linear:
    linear = _bare(source_dim, target_dim)
    bound = source_dim**-0.5
    nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
    nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
    return linear


def _bare(source_dim: int, target_dim: int) -> nn.Linear:
    """Make a layer without drawing from the global generator."""
    return nn.Linear(source_dim, target_dim, device="meta").to_empty(device="cpu")


def _noisy(vectors: Tensor, deviation: float) -> Tensor:
    return vectors + deviation * torch.randn_like(vectors) if deviation else vectors
