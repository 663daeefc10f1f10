"""Pooling.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913, PLR0917  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._conv import borders, same_pads
from transcoder.conversion.operators._handler import Handler, handlers

_AVERAGE = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)
_HIGHEST = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)


@dataclass(frozen=True, slots=True)
class _Window:
    """Where the windows of a pooling lie; each attribute has one number per axis.

    Attributes:
        size: Elements in a window.
        step: From window to window.
        spread: From element to element in a window.
        before: Border at the beginning.
        after: Border at the end.
        more: What the last windows want beyond that border.
        counts: How many windows.
    """

    size: tuple[int, ...]
    step: tuple[int, ...]
    spread: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    more: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def is_plain(self) -> bool:
        """Whether torch's own pooling knows such windows."""
        return self.before == self.after and not any(self.more) and all(
            2 * border <= size for border, size in zip(self.before, self.size, strict=True)
        )  # fmt: skip


def _window(
    value: Tensor, size: tuple[int, ...], auto_pad: str, ceil_mode: int,
    dilations: tuple[int, ...] | None, pads: tuple[int, ...] | None,
    strides: tuple[int, ...] | None,
) -> _Window:  # fmt: skip
    axes, lengths = len(size), tuple(value.shape[2:])
    step, spread = strides or (1,) * axes, dilations or (1,) * axes
    around = (pads or (0,) * (2 * axes)) if auto_pad == "NOTSET" else (0,) * (2 * axes)
    if auto_pad.startswith("SAME"):
        around = same_pads(lengths, size, step, spread, upper=auto_pad == "SAME_UPPER")
    counts, more = [], []
    for axis in range(axes):
        reach = (size[axis] - 1) * spread[axis] + 1
        whole = lengths[axis] + around[axis] + around[axes + axis]
        count = (whole - reach) // step[axis] + 1
        if ceil_mode:
            count = -(-(whole - reach) // step[axis]) + 1
            if (count - 1) * step[axis] >= lengths[axis] + around[axis]:
                count -= 1
        counts.append(count)
        more.append(max((count - 1) * step[axis] + reach - whole, 0))
    return _Window(size, step, spread, around[:axes], around[axes:], tuple(more), tuple(counts))


def _windows(value: Tensor, window: _Window) -> Tensor:
    """Lay out all windows of a padded tensor, (batch, channel, *counts, elements)."""
    axes = len(window.size)
    for axis in range(axes):
        starts = torch.arange(window.counts[axis], device=value.device) * window.step[axis]
        inside = torch.arange(window.size[axis], device=value.device) * window.spread[axis]
        places = (starts[:, None] + inside).reshape(-1)
        at = 2 + 2 * axis
        value = value.index_select(at, places)
        shape = (*value.shape[:at], window.counts[axis], window.size[axis])
        value = value.reshape(*shape, *value.shape[at + 1 :])
    order = (0, 1, *range(2, 2 + 2 * axes, 2), *range(3, 3 + 2 * axes, 2))
    return value.permute(order).flatten(2 + axes)


def _padded(
    value: Tensor, window: _Window, fill: float, *, beyond: float | None = None
) -> Tensor:
    inner = functional.pad(value, borders((*window.before, *window.after)), value=fill)
    if not any(window.more):
        return inner
    rest = borders((*(0,) * len(window.size), *window.more))
    return functional.pad(inner, rest, value=fill if beyond is None else beyond)


def average_pool(
    value: Tensor, *, kernel_shape: tuple[int, ...], auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0, dilations: tuple[int, ...] | None = None,
    pads: tuple[int, ...] | None = None, strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Average windows: https://onnx.ai/onnx/operators/onnx__AveragePool.html."""
    window = _window(value, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides)
    axes = len(kernel_shape)
    if window.is_plain and set(window.spread) == {1}:
        return _AVERAGE[axes - 1](
            value,
            kernel_shape,
            window.step,
            window.before,
            False,  # noqa: FBT003  # torch takes it by position
            bool(count_include_pad),
        )
    ones = torch.ones_like(value[:1, :1])
    real = _padded(ones, window, float(count_include_pad), beyond=0.0)
    counts = _windows(real, window).sum(-1)
    return _windows(_padded(value, window, 0.0), window).sum(-1) / counts


def lp_pool(
    value: Tensor, *, kernel_shape: tuple[int, ...], auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: tuple[int, ...] | None = None, p: int = 2, pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Take the norm of windows: https://onnx.ai/onnx/operators/onnx__LpPool.html."""
    window = _window(value, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides)
    norm: Tensor = torch.linalg.vector_norm(
        _windows(_padded(value, window, 0.0), window), p, -1
    )
    return norm


def max_pool(
    value: Tensor, *, kernel_shape: tuple[int, ...], auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: tuple[int, ...] | None = None, pads: tuple[int, ...] | None = None,
    storage_order: int = 0, strides: tuple[int, ...] | None = None, outputs: int = 1,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Take the highest of windows: https://onnx.ai/onnx/operators/onnx__MaxPool.html."""
    window = _window(value, kernel_shape, auto_pad, ceil_mode, dilations, pads, strides)
    axes = len(kernel_shape)
    if window.is_plain and outputs == 1 and value.is_floating_point():
        return (
            _HIGHEST[axes - 1](value, kernel_shape, window.step, window.before, window.spread),
        )
    low = -math.inf if value.is_floating_point() else torch.iinfo(value.dtype).min
    best, at = _windows(_padded(value, window, low), window).max(-1)
    if outputs == 1:
        return (best,)
    return best, _places(value, window, at, by_column=bool(storage_order))


def _places(value: Tensor, window: _Window, at: Tensor, *, by_column: bool) -> Tensor:
    """Say where in the flat input each highest element stands."""
    coordinates = []
    rest = at
    for axis in reversed(range(len(window.size))):
        inside, rest = rest % window.size[axis], rest // window.size[axis]
        starts = torch.arange(window.counts[axis], device=at.device) * window.step[axis]
        shape = (-1,) + (1,) * (len(window.size) - 1 - axis)
        place = starts.reshape(shape) + inside * window.spread[axis] - window.before[axis]
        coordinates.append((axis, place))
    lengths = value.shape[2:]
    flat = torch.zeros_like(at)
    for axis, place in coordinates if by_column else reversed(coordinates):
        flat = flat * lengths[axis] + place
    planes = torch.arange(value.shape[0] * value.shape[1], device=at.device)
    offset = planes.reshape(*value.shape[:2], *(1,) * len(lengths)) * math.prod(lengths)
    return flat + offset


def global_average_pool(value: Tensor) -> Tensor:
    """Average all places: https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html."""
    return value.mean(tuple(range(2, value.dim())), keepdim=True)


def global_max_pool(value: Tensor) -> Tensor:
    """Take the highest place: https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html."""
    return value.amax(tuple(range(2, value.dim())), keepdim=True)


def global_lp_pool(value: Tensor, *, p: int = 2) -> Tensor:
    """Take the norm of all places: https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html."""
    axes = tuple(range(2, value.dim()))
    norm: Tensor = torch.linalg.vector_norm(value, p, axes, keepdim=True)
    return norm


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "AveragePool": average_pool,
        "GlobalAveragePool": global_average_pool,
        "GlobalLpPool": global_lp_pool,
        "GlobalMaxPool": global_max_pool,
        "LpPool": lp_pool,
    }
) | {"MaxPool": Handler(max_pool, many=True)}
