"""Resampling, axis by axis: each output is a weighted sum of a few inputs on that axis.

See https://onnx.ai/onnx/operators/onnx__Resize.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping, Sequence
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


def _positions(out: int, length: int, scale: float, wanted: float, how: str,
               region: tuple[float, float]) -> _Floats:  # fmt: skip
    at = np.arange(out, dtype=np.float64)
    match how:
        case "half_pixel":
            return (at + 0.5) / scale - 0.5
        case "half_pixel_symmetric":
            centre = length / 2
            return centre * (1 - out / wanted) + (at + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (at + 0.5) / scale - 0.5 if wanted > 1 else at * 0.0
        case "align_corners":
            return at * (length - 1) / (wanted - 1) if wanted > 1 else at * 0.0
        case "asymmetric":
            return at / scale
        case "tf_crop_and_resize":
            start, end = region
            if out == 1:
                return at * 0.0 + 0.5 * (start + end) * (length - 1)
            return start * (length - 1) + at * (end - start) * (length - 1) / (out - 1)
        case _:
            message = f"coordinate transformation {how!r} is unknown"
            raise ValueError(message)


def _nearest(position: _Floats, how: str) -> _Floats:
    match how:
        case "round_prefer_floor":
            return np.ceil(position - 0.5)
        case "round_prefer_ceil":
            return np.floor(position + 0.5)
        case "floor":
            return np.floor(position)
        case "ceil":
            return np.ceil(position)
        case _:
            message = f"nearest mode {how!r} is unknown"
            raise ValueError(message)


def _kernel(distance: _Floats, sampling: _Sampling) -> _Floats:
    far = np.abs(distance)
    if sampling.mode == "linear":
        return np.maximum(1 - far, 0)
    a = sampling.cubic
    near = ((a + 2) * far - (a + 3)) * far * far + 1
    tail = ((far - 5) * far + 8) * far * a - 4 * a
    return np.where(far <= 1, near, np.where(far < 2, tail, 0.0))  # noqa: PLR2004  # the support


def _taps(
    position: _Floats, length: int, scale: float, sampling: _Sampling
) -> tuple[NDArray[np.int64], _Floats]:
    """Find where each output reads and with which weights, both (out, taps)."""
    if sampling.mode == "nearest":
        places = _nearest(position, sampling.nearest)[:, None]
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
    value: Tensor, roi: tuple[float, ...] | None = None, scales: tuple[float, ...] | None = None,
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
    crops = sampling.coordinates == "tf_crop_and_resize"
    regions = roi if crops and roi else (0.0,) * len(chosen) + (1.0,) * len(chosen)
    outside = []
    for at, (axis, (out, scale, wanted)) in enumerate(zip(chosen, targets, strict=True)):
        length = value.shape[axis]
        region = (regions[at], regions[at + len(chosen)])
        if (out, scale) == (length, 1.0) and region == (0.0, 1.0):
            continue
        position = _positions(out, length, scale, wanted, sampling.coordinates, region)
        value = _resample(value, axis, *_taps(position, length, scale, sampling))
        outside.append((axis, (position < 0) | (position > length - 1)))
    return _filled(value, outside, sampling.fill) if crops else value


def _filled(
    value: Tensor, outside: Sequence[tuple[int, NDArray[np.bool_]]], fill: float
) -> Tensor:
    for axis, beyond in outside:
        mask = torch.from_numpy(beyond).to(value.device)
        value = value.masked_fill(mask.reshape(-1, *(1,) * (value.dim() - axis - 1)), fill)
    return value


HANDLERS: Mapping[str, Handler] = {"Resize": Handler(resize, host=(1, 2, 3))}
