"""Resampling, axis by axis: each output is a weighted sum of a few inputs on that axis.

See https://onnx.ai/onnx/operators/onnx__Resize.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcoder.conversion.operators._handler import Handler

_Floats = NDArray[np.float64]


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
    scale: float
    wanted: float
    region: tuple[float, float]


def _half_pixel(axis: _Axis, at: _Floats) -> _Floats:
    return (at + 0.5) / axis.scale - 0.5


def _half_pixel_symmetric(axis: _Axis, at: _Floats) -> _Floats:
    return axis.length / 2 * (1 - axis.out / axis.wanted) + _half_pixel(axis, at)


def _pytorch_half_pixel(axis: _Axis, at: _Floats) -> _Floats:
    return _half_pixel(axis, at) if axis.wanted > 1 else at * 0.0


def _align_corners(axis: _Axis, at: _Floats) -> _Floats:
    return at * (axis.length - 1) / (axis.wanted - 1) if axis.wanted > 1 else at * 0.0


def _asymmetric(axis: _Axis, at: _Floats) -> _Floats:
    return at / axis.scale


def _crop(axis: _Axis, at: _Floats) -> _Floats:
    (start, end), last = axis.region, axis.length - 1
    if axis.out == 1:
        return at * 0.0 + 0.5 * (start + end) * last
    return start * last + at * (end - start) * last / (axis.out - 1)


_CROP = "tf_crop_and_resize"
_COORDINATES: Mapping[str, Callable[[_Axis, _Floats], _Floats]] = {
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
    _CROP: _crop,
}


def _round_down(position: _Floats) -> _Floats:
    return np.asarray(np.ceil(position - 0.5))


def _round_up(position: _Floats) -> _Floats:
    return np.asarray(np.floor(position + 0.5))


_NEAREST: Mapping[str, Callable[[_Floats], _Floats]] = {
    "ceil": np.ceil,
    "floor": np.floor,
    "round_prefer_ceil": _round_up,
    "round_prefer_floor": _round_down,
}


def _kernel(distance: _Floats, sampling: _Sampling) -> _Floats:
    far = np.asarray(np.abs(distance))
    if sampling.mode == "linear":
        return np.asarray(np.maximum(1 - far, 0))
    a = sampling.cubic
    near = ((a + 2) * far - (a + 3)) * far * far + 1
    tail = ((far - 5) * far + 8) * far * a - 4 * a
    return np.asarray(np.where(far <= 1, near, np.where(far < 2, tail, 0.0)))  # noqa: PLR2004  # the support


def _taps(
    position: _Floats, length: int, scale: float, sampling: _Sampling
) -> tuple[NDArray[np.int64], _Floats]:
    """Find where each output reads and with which weights, both (out, taps)."""
    if sampling.mode == "nearest":
        places = _NEAREST[sampling.nearest](position)[:, None]
        return np.clip(places, 0, length - 1).astype(np.int64), np.ones_like(places)
    stretch = max(1.0, 1 / scale) if sampling.antialias else 1.0
    reach = (1 if sampling.mode == "linear" else 2) * stretch
    first = np.floor(position - reach) + 1
    places = first[:, None] + np.arange(math.ceil(2 * reach) + (stretch > 1))
    weights = _kernel((places - position[:, None]) / stretch, sampling)
    if sampling.exclude_outside:
        weights = np.where((places >= 0) & (places < length), weights, 0.0)
    weights /= weights.sum(1, keepdims=True)
    return np.clip(places, 0, length - 1).astype(np.int64), weights


def _resample(value: Tensor, axis: int, places: NDArray[np.int64], weights: _Floats) -> Tensor:
    index = torch.from_numpy(places.reshape(-1)).to(value.device)
    picked = value.index_select(axis, index)
    if places.shape[1] == 1:
        return picked
    shape = (*value.shape[:axis], *places.shape, *value.shape[axis + 1 :])
    share = torch.from_numpy(weights).to(value.device, value.dtype)
    around = share.reshape(*places.shape, *(1,) * (value.dim() - axis - 1))
    return (picked.reshape(shape) * around).sum(axis + 1)


def _targets(
    value: Tensor, axes: Sequence[int], scales: Sequence[float] | None,
    sizes: Sequence[int] | None, policy: str,
) -> list[tuple[int, float, float]]:  # fmt: skip
    """For each axis its new length, its scale and its unrounded new length."""
    lengths = [value.shape[axis] for axis in axes]
    if not sizes:
        chosen = list(scales or ())
        return [
            (math.floor(length * scale), scale, length * scale)
            for length, scale in zip(lengths, chosen, strict=True)
        ]
    ratios = [size / length for size, length in zip(sizes, lengths, strict=True)]
    if policy == "stretch":
        return [(size, ratio, float(size)) for size, ratio in zip(sizes, ratios, strict=True)]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return [(math.floor(scale * length + 0.5), scale, scale * length) for length in lengths]


def resize(
    value: Tensor, roi: tuple[float, ...] | None = None,
    scales: tuple[float, ...] | None = None,
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
    targets = _targets(value, chosen, scales, sizes, keep_aspect_ratio_policy)
    crops = sampling.coordinates == _CROP
    regions = roi if crops and roi else (0.0,) * len(chosen) + (1.0,) * len(chosen)
    outside = []
    for at, (axis, (out, scale, wanted)) in enumerate(zip(chosen, targets, strict=True)):
        region = (regions[at], regions[at + len(chosen)])
        length = value.shape[axis]
        if (out, scale) == (length, 1.0) and region == (0.0, 1.0):
            continue
        places = _COORDINATES[sampling.coordinates](
            _Axis(length, out, scale, wanted, region), np.arange(out, dtype=np.float64)
        )
        value = _resample(value, axis, *_taps(places, length, scale, sampling))
        outside.append((axis, (places < 0) | (places > length - 1)))
    return _filled(value, outside, sampling.fill) if crops else value


def _filled(
    value: Tensor, outside: Sequence[tuple[int, NDArray[np.bool_]]], fill: float
) -> Tensor:
    for axis, beyond in outside:
        mask = torch.from_numpy(beyond).to(value.device)
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


HANDLERS: Mapping[str, Handler] = {"Resize": Handler(resize, host=(1, 2, 3), check=_say_mode)}
