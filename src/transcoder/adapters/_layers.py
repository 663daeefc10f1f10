"""Layers whose first weights are a closed form, or drawn from one generator."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Generator, nn

from transcoder.adapters._affine import Affine
from transcoder.adapters._frame import Frame
from transcoder.adapters._settings import MlpSettings, ResidualSettings
from transcoder.adapters._statistics import Statistics


def affine_layer(statistics: Statistics, start: Affine) -> nn.Linear:
    """Write a closed form between standardised vectors."""
    weight, bias = statistics.standardised(start)
    linear = _bare(*weight.shape)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weight.T))
        linear.bias.copy_(torch.from_numpy(bias))
    return linear


def squeezed_layers(statistics: Statistics, start: Affine, rank: int) -> nn.Sequential:
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


def hidden_layers(
    settings: MlpSettings | ResidualSettings, frame: Frame, generator: Generator
) -> Iterator[nn.Module]:
    """Draw the layers of a plain net, from the source's dim to the target's."""
    width = frame.source.dim
    for _ in range(settings.depth):
        yield drawn_layer(width, settings.hidden, generator)
        yield nn.GELU()
        if settings.dropout:
            yield nn.Dropout(settings.dropout)
        width = settings.hidden
    yield drawn_layer(width, frame.target.dim, generator)


def drawn_layer(source_dim: int, target_dim: int, generator: Generator) -> nn.Linear:
    """Make a layer whose weights are drawn as torch draws them."""
    linear = _bare(source_dim, target_dim)
    bound = source_dim**-0.5
    nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
    nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
    return linear


def _bare(source_dim: int, target_dim: int) -> nn.Linear:
    """Make a layer without drawing from the global generator."""
    return nn.Linear(source_dim, target_dim, device="meta").to_empty(device="cpu")


def drawn_reader(source_dim: int, hidden: int, generator: Generator) -> nn.LSTM:
    """Make an LSTM over (batch, time, source_dim), drawn as torch draws it."""
    reader = nn.LSTM(source_dim, hidden, batch_first=True, device="meta").to_empty(device="cpu")
    bound = hidden**-0.5
    for weight in reader.parameters():
        nn.init.uniform_(weight, -bound, bound, generator=generator)
    return reader


def zero_layer(layer: nn.Module) -> nn.Linear:
    """Give a layer that gives zero at the start."""
    if not isinstance(layer, nn.Linear):
        message = f"{type(layer).__name__} is no layer of a matrix and a vector"
        raise TypeError(message)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
