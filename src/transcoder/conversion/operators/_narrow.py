"""Numbers of eight bits and fewer: how wider numbers become them.

Legend: torch computes on none of them. INT4, INT2 are held as int8, UINT4 and UINT2 as uint8,
FLOAT4E2M1 as float8_e4m3fn, which has all its values; their own types of torch only name them.
See https://onnx.ai/onnx/technical/float8.html and https://onnx.ai/onnx/technical/int4.html.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

INT2: torch.dtype = torch.int2  # type: ignore[attr-defined]  # torch has it, its stubs do not
INT4: torch.dtype = torch.int4  # type: ignore[attr-defined]  # torch has it, its stubs do not
UINT2: torch.dtype = torch.uint2  # type: ignore[attr-defined]  # torch has it, its stubs do not
UINT4: torch.dtype = torch.uint4  # type: ignore[attr-defined]  # torch has it, its stubs do not
FLOAT4: torch.dtype = torch.float4_e2m1fn_x2

_BITS: Mapping[torch.dtype, int] = {INT2: 2, INT4: 4, UINT2: 2, UINT4: 4}
_SIGNED = frozenset({INT2, INT4})
_SCALE = torch.float8_e8m0fnu
_HIGHEST: Mapping[torch.dtype, float] = {
    torch.float8_e4m3fn: 448.0,
    torch.float8_e4m3fnuz: 240.0,
    torch.float8_e5m2: 57344.0,
    torch.float8_e5m2fnuz: 57344.0,
}
_HIGHEST_FLOAT4 = 6.0
_OVERFLOW: Mapping[torch.dtype, float] = {
    torch.float8_e4m3fn: 464.0,
    torch.float8_e4m3fnuz: 248.0,
    torch.float8_e5m2: 61440.0,
    torch.float8_e5m2fnuz: 61440.0,
}
"""Half-way to the first number that is too high."""

HELD: Mapping[torch.dtype, torch.dtype] = {
    **{dtype: torch.int8 if dtype in _SIGNED else torch.uint8 for dtype in _BITS},
    FLOAT4: torch.float8_e4m3fn,
}
"""What torch holds instead of types that it only names."""

NARROW = frozenset({*HELD, *_HIGHEST, _SCALE})
"""All types of this file."""


def limits(dtype: torch.dtype) -> tuple[int, int]:
    """Find the lowest and the highest integer of a type."""
    bits = _BITS.get(dtype)
    if bits is None:
        info = torch.iinfo(dtype)
        return info.min, info.max
    signed = dtype in _SIGNED
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def bounds(dtype: torch.dtype) -> tuple[float, float]:
    """Find between which numbers a type of few bits does not saturate."""
    if dtype is FLOAT4:
        return -_HIGHEST_FLOAT4, _HIGHEST_FLOAT4
    if dtype in _HIGHEST:
        return -_HIGHEST[dtype], _HIGHEST[dtype]
    return limits(dtype)


def narrowed(value: Tensor, to: torch.dtype, *, saturate: bool, round_mode: str) -> Tensor:
    """Cast to a type of this file."""
    if to in _BITS:
        return _wrapped(value, to)
    if to is FLOAT4:
        return to_float4(value)
    if to is _SCALE:
        return _to_scale(value, saturate=saturate, round_mode=round_mode)
    return to_float8(value, to, saturate=saturate)


def _wrapped(value: Tensor, to: torch.dtype) -> Tensor:
    bits = _BITS[to]
    low = value.to(torch.int64) & ((1 << bits) - 1)
    if to in _SIGNED:
        low = torch.where(low >= 1 << bits - 1, low - (1 << bits), low)
    return low.to(HELD[to])


def to_float8(value: Tensor, to: torch.dtype, *, saturate: bool) -> Tensor:
    """Round to eight bits, out of range to the last number or to none."""
    wide = value.to(torch.float32)
    most = _HIGHEST[to]
    if saturate:
        return wide.clamp(-most, most).to(to)
    beyond = wide.abs() > _OVERFLOW[to]
    if to is not torch.float8_e4m3fn:
        beyond = wide.abs() >= _OVERFLOW[to]
    outside = torch.full_like(wide, torch.inf if to is torch.float8_e5m2 else torch.nan)
    inside = wide.clamp(-most, most)
    return torch.where(beyond, torch.copysign(outside, wide), inside).to(to)


def to_float4(value: Tensor) -> Tensor:
    """Round to four bits; what is no number becomes a negative zero."""
    wide = value.to(torch.float32)
    size = wide.abs()
    step = torch.where(size < 2, 0.5, torch.where(size < 4, 1.0, 2.0))  # noqa: PLR2004  # powers of the format
    rounded = (torch.round(size / step) * step).clamp(max=_HIGHEST_FLOAT4)
    signed = torch.where(torch.isnan(wide), -0.0, torch.copysign(rounded, wide))
    return signed.to(torch.float8_e4m3fn)


def _to_scale(value: Tensor, *, saturate: bool, round_mode: str) -> Tensor:
    """Keep the exponent: https://onnx.ai/onnx/operators/onnx__Cast.html, `round_mode`."""
    bits = value.to(torch.float32).contiguous().view(torch.int32)
    exponent, rest = (bits >> 23) & 0xFF, bits & 0x7FFFFF
    if round_mode == "up":
        more = rest > 0
    elif round_mode == "nearest":
        half = 1 << 22
        more = (rest > half) | ((rest == half) & (exponent > 0))
    elif round_mode == "down":
        more = torch.zeros_like(rest, dtype=torch.bool)
    else:
        message = f"round_mode {round_mode!r} is unknown"
        raise ValueError(message)
    more = more & (exponent < (0xFE if saturate else 0xFF))
    return (exponent + more).to(torch.uint8).view(_SCALE)
