"""Resampling, axis by axis: each output is a weighted sum of a few inputs on that axis.

See https://onnx.ai/onnx/operators/onnx__Resize.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler

_Number: TypeAlias = float | Tensor
"""A number, or a scalar that has a gradient."""


@dataclass(frozen=True, slots=True)
class _Sampling:
    """What the attributes say."""

    mode: str
    coordinates: str
    nearest: str
    cubic: float
    antialias: bool
    exclude_outside: bool
    fill: float


@dataclass(frozen=True, slots=True)
class _Axis:
    """How one axis changes.

    Attributes:
        length: How many places it had.
        out: How many it gets.
        scale: Their ratio, as the node says.
        wanted: The new length before rounding.
        region: What is cropped, as shares of the axis.
    """

    length: int
    out: int
    scale: _Number
    wanted: _Number
    region: tuple[_Number, _Number]


def _half_pixel(axis: _Axis, at: Tensor) -> Tensor:
    return (at + 0.5) / axis.scale - 0.5


def _half_pixel_symmetric(axis: _Axis, at: Tensor) -> Tensor:
    return axis.length / 2 * (1 - axis.out / axis.wanted) + _half_pixel(axis, at)


def _pytorch_half_pixel(axis: _Axis, at: Tensor) -> Tensor:
    return _half_pixel(axis, at) if axis.wanted > 1 else at * 0.0


def _align_corners(axis: _Axis, at: Tensor) -> Tensor:
    return at * (axis.length - 1) / (axis.wanted - 1) if axis.wanted > 1 else at * 0.0


def _asymmetric(axis: _Axis, at: Tensor) -> Tensor:
    return at / axis.scale


def _crop(axis: _Axis, at: Tensor) -> Tensor:
    (start, end), last = axis.region, axis.length - 1
    if axis.out == 1:
        return at * 0.0 + 0.5 * (start + end) * last
    return start * last + at * (end - start) * last / (axis.out - 1)


_CROP = "tf_crop_and_resize"
_COORDINATES: Mapping[str, Callable[[_Axis, Tensor], Tensor]] = {
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
    _CROP: _crop,
}


def _round_down(position: Tensor) -> Tensor:
    return torch.ceil(position - 0.5)


def _round_up(position: Tensor) -> Tensor:
    return torch.floor(position + 0.5)


_NEAREST: Mapping[str, Callable[[Tensor], Tensor]] = {
    "ceil": torch.ceil,
    "floor": torch.floor,
    "round_prefer_ceil": _round_up,
    "round_prefer_floor": _round_down,
}


def _kernel(distance: Tensor, sampling: _Sampling) -> Tensor:
    far = distance.abs()
    if sampling.mode == "linear":
        return (1 - far).clamp(min=0)
    a = sampling.cubic
    near = ((a + 2) * far - (a + 3)) * far * far + 1
    tail = ((far - 5) * far + 8) * far * a - 4 * a
    beyond = torch.where(far < 2, tail, torch.zeros_like(far))  # noqa: PLR2004  # the support
    return torch.where(far <= 1, near, beyond)


def _taps(
    position: Tensor, length: int, scale: _Number, sampling: _Sampling
) -> tuple[Tensor, Tensor | None]:
    """Find where each output reads and with which weights, both (out, taps)."""
    if sampling.mode == "nearest":
        places = _NEAREST[sampling.nearest](position.detach())[:, None]
        return places.clamp(0, length - 1).to(torch.int64), None
    stretch: _Number = 1.0
    if sampling.antialias and scale < 1:
        stretch = 1 / scale
    reach = (1 if sampling.mode == "linear" else 2) * _plain(stretch)
    first = torch.floor(position.detach() - reach) + 1
    count = math.ceil(2 * reach) + (_plain(stretch) > 1)
    places = first[:, None] + torch.arange(count, dtype=torch.float64)
    weights = _kernel((places - position[:, None]) / stretch, sampling)
    if sampling.exclude_outside:
        weights = weights * ((places >= 0) & (places < length))
    weights = weights / weights.sum(1, keepdim=True)
    return places.clamp(0, length - 1).to(torch.int64), weights


def _resample(value: Tensor, axis: int, places: Tensor, weights: Tensor | None) -> Tensor:
    picked = value.index_select(axis, places.reshape(-1).to(value.device))
    if weights is None:
        return picked
    shape = (*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])
    share = weights.to(value.device, value.dtype)
    around = share.reshape(*places.shape, *(1,) * (value.dim() - axis - 1))
    return (picked.reshape(shape) * around).sum(axis + 1)


def _targets(
    value: Tensor, axes: Sequence[int], scales: Sequence[_Number],
    sizes: Sequence[int] | None, policy: str,
) -> list[tuple[int, _Number, _Number]]:  # fmt: skip
    """For each axis its new length, its scale and its unrounded new length."""
    lengths = [value.shape[axis] for axis in axes]
    if not sizes:
        return [
            (math.floor(length * _plain(scale)), scale, length * scale)
            for length, scale in zip(lengths, scales, strict=True)
        ]
    ratios = [size / length for size, length in zip(sizes, lengths, strict=True)]
    if policy == "stretch":
        return [(size, ratio, float(size)) for size, ratio in zip(sizes, ratios, strict=True)]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return [(math.floor(scale * length + 0.5), scale, scale * length) for length in lengths]


def _plain(number: _Number) -> float:
    return number.item() if isinstance(number, Tensor) else number


def _numbers(values: Tensor | tuple[float, ...] | None) -> Sequence[_Number]:
    """Take numbers apart; those of a tensor keep their gradient."""
    if isinstance(values, Tensor):
        return values.double().cpu().unbind() if values.requires_grad else values.tolist()
    return values or ()


def resize(
    value: Tensor, roi: Tensor | tuple[float, ...] | None = None,
    scales: Tensor | tuple[float, ...] | None = None,
    sizes: tuple[int, ...] | None = None, *, antialias: int = 0,
    axes: tuple[int, ...] | None = None, coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75, exclude_outside: int = 0, extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch", mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Tensor:  # fmt: skip
    """Resample: https://onnx.ai/onnx/operators/onnx__Resize.html."""
    sampling = _Sampling(
        mode, coordinate_transformation_mode, nearest_mode, cubic_coeff_a, bool(antialias),
        bool(exclude_outside), extrapolation_value,
    )  # fmt: skip
    chosen = [axis % value.dim() for axis in (range(value.dim()) if axes is None else axes)]
    targets = _targets(value, chosen, _numbers(scales), sizes, keep_aspect_ratio_policy)
    crops = sampling.coordinates == _CROP
    whole = (0.0,) * len(chosen) + (1.0,) * len(chosen)
    regions = (_numbers(roi) if crops else None) or whole
    outside = []
    for at, (axis, (out, scale, wanted)) in enumerate(zip(chosen, targets, strict=True)):
        region = (regions[at], regions[at + len(chosen)])
        length = value.shape[axis]
        if (out, _plain(scale)) == (length, 1.0) and region == (0.0, 1.0):
            continue
        places = _COORDINATES[sampling.coordinates](
            _Axis(length, out, scale, wanted, region), torch.arange(out, dtype=torch.float64)
        )
        value = _resample(value, axis, *_taps(places, length, scale, sampling))
        outside.append((axis, (places < 0) | (places > length - 1)))
    return _filled(value, outside, sampling.fill) if crops else value


def _filled(value: Tensor, outside: Sequence[tuple[int, Tensor]], fill: float) -> Tensor:
    for axis, beyond in outside:
        mask = beyond.to(value.device)
        value = value.masked_fill(mask.reshape(-1, *(1,) * (value.dim() - axis - 1)), fill)
    return value


def _say_mode(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    del numbers
    wanted = {
        "mode": ("nearest", {"nearest", "linear", "cubic"}),
        "nearest_mode": ("floor", set(_NEAREST)),
        "coordinate_transformation_mode": ("half_pixel", set(_COORDINATES)),
    }
    for name, (default, known) in wanted.items():
        value = keywords.get(name, default)
        if value not in known:
            return f"its {name} {value!r} is unknown"
    return None


HANDLERS: Mapping[str, Handler] = {
    "Resize": Handler(
        resize, host=(3,), check=_say_mode, numeric=Handler(resize, host=(1, 2, 3), floats=True)
    )
}
