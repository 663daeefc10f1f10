"""What puts windows back, or moves them.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping, Sequence
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler, handlers


def _flat_places(
    value: Tensor, lengths: Sequence[int], windows: Sequence[Sequence[int]]
) -> tuple[Tensor, list[int]]:
    """Say where each element of each window lies in the bordered image.

    Args:
        value: For its device.
        lengths: Of the bordered image.
        windows: For each axis its window's size, step and spread.

    Returns:
        Places in the flat image, (elements of a window, windows), and windows on each axis.
    """
    flat = torch.zeros(1, 1, dtype=torch.int64, device=value.device)
    counts = []
    for length, (size, step, spread) in zip(lengths, windows, strict=True):
        count = (length - (size - 1) * spread - 1) // step + 1
        inside = torch.arange(size, device=value.device) * spread
        starts = torch.arange(count, device=value.device) * step
        place = inside[:, None] + starts
        flat = flat[:, None, :, None] * length + place[None, :, None, :]
        flat = flat.reshape(flat.shape[0] * size, -1)
        counts.append(count)
    return flat, counts


def columns_to_image(
    value: Tensor, lengths: tuple[int, ...], size: tuple[int, ...],
    *, dilations: tuple[int, ...] | None = None, pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Add windows up to an image: https://onnx.ai/onnx/operators/onnx__Col2Im.html."""
    axes = len(lengths)
    around = pads or (0,) * (2 * axes)
    bordered = [lengths[at] + around[at] + around[axes + at] for at in range(axes)]
    windows = list(zip(size, strides or (1,) * axes, dilations or (1,) * axes, strict=True))
    places, counts = _flat_places(value, bordered, windows)
    if value.shape[2] != math.prod(counts):
        message = f"{value.shape[2]} windows came, the image has {math.prod(counts)}"
        raise ValueError(message)
    batch, channels = value.shape[0], value.shape[1] // math.prod(size)
    flat = value.reshape(batch, channels, -1)
    empty = value.new_zeros((batch, channels, math.prod(bordered)))
    image = empty.index_add(2, places.reshape(-1), flat).reshape(batch, channels, *bordered)
    for at, length in enumerate(lengths):
        image = image.narrow(2 + at, around[at], length)
    return image


def unpool(
    value: Tensor, places: Tensor, wanted: tuple[int, ...] | None = None,
    *, kernel_shape: tuple[int, ...], pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Put the highest back: https://onnx.ai/onnx/operators/onnx__MaxUnpool.html."""
    axes = len(kernel_shape)
    step, around = strides or (1,) * axes, pads or (0,) * (2 * axes)
    lengths = [
        (value.shape[2 + at] - 1) * step[at] + kernel_shape[at] - around[at] - around[axes + at]
        for at in range(axes)
    ]
    shape = [*value.shape[:2], *lengths]
    flat = value.new_zeros(math.prod(shape))
    whole = flat.scatter(0, places.reshape(-1), value.reshape(-1)).reshape(shape)
    if wanted is None:
        return whole
    missing = [(0, more - less) for less, more in zip(shape[2:], wanted[2:], strict=True)]
    return functional.pad(whole, [each for pair in reversed(missing) for each in pair])


def _samples(value: Tensor, places: Tensor, groups: int) -> Tensor:
    """Read each group of channels between its own places, zero outside.

    Args:
        value: (batch, channel, *lengths).
        places: (batch * group, elements, axis, *outputs), real.
        groups: Of channels.

    Returns:
        (batch * group, channels of a group, elements * outputs).
    """
    lengths = value.shape[2:]
    images = value.reshape(len(places), value.shape[1] // groups, -1)
    axes = [places[:, :, at].reshape(len(places), -1) for at in range(len(lengths))]
    lows = [each.detach().floor() for each in axes]
    total = torch.zeros_like(images[:, :, :1])
    for corner in product((0, 1), repeat=len(lengths)):
        share = torch.ones_like(axes[0])
        flat = torch.zeros_like(axes[0], dtype=torch.int64)
        for place, low, side, length in zip(axes, lows, corner, lengths, strict=True):
            at = low + side
            inside = (at >= 0) & (at < length)
            near = 1 - (at - place if side else place - at)
            share = share * torch.where(inside, near, torch.zeros_like(near))
            flat = flat * length + at.clamp(0, length - 1).to(torch.int64)
        read = images.gather(2, flat.unsqueeze(1).expand(-1, images.shape[1], -1))
        total = total + read * share.unsqueeze(1)
    return total


def deformed_convolve(
    value: Tensor, weight: Tensor, offset: Tensor, bias: Tensor | None = None,
    mask: Tensor | None = None, *, dilations: tuple[int, ...] | None = None, group: int = 1,
    kernel_shape: tuple[int, ...] | None = None, offset_group: int = 1,
    pads: tuple[int, ...] | None = None, strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Convolve at moved places: https://onnx.ai/onnx/operators/onnx__DeformConv.html."""
    size, axes = kernel_shape or tuple(weight.shape[2:]), weight.dim() - 2
    step, spread = strides or (1,) * axes, dilations or (1,) * axes
    around, count = pads or (0,) * (2 * axes), math.prod(kernel_shape or weight.shape[2:])
    outputs, batch = tuple(offset.shape[2:]), value.shape[0]
    moved = offset.reshape(batch * offset_group, count, axes, *outputs)
    grid = torch.stack(
        [
            (
                (torch.arange(size[at], device=value.device) * spread[at] - around[at])
                .reshape([-1 if each == at else 1 for each in range(axes)] + [1] * axes)
                + (torch.arange(outputs[at], device=value.device) * step[at])
                .reshape([1] * axes + [-1 if each == at else 1 for each in range(axes)])
            ).expand(*size, *outputs).reshape(count, *outputs)
            for at in range(axes)
        ],
        1,
    )  # fmt: skip
    read = _samples(value, moved + grid, offset_group)
    parts = read.reshape(batch, offset_group, -1, count, *outputs)
    if mask is not None:
        parts = parts * mask.reshape(batch, offset_group, 1, count, *outputs)
    columns = parts.reshape(batch, group, -1, math.prod(outputs))
    rows = weight.reshape(group, weight.shape[0] // group, -1)
    result = (rows @ columns).reshape(batch, -1, *outputs)
    return result if bias is None else result + bias.reshape(-1, *(1,) * axes)


HANDLERS: Mapping[str, Handler] = handlers({"DeformConv": deformed_convolve}) | {
    "Col2Im": Handler(columns_to_image, host=(1, 2)),
    "MaxUnpool": Handler(unpool, host=(2,)),
}
