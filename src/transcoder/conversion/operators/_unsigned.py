"""Unsigned integers of 16, 32 and 64 bits, whose arithmetic torch leaves out.

Legend: numbers of 64 bits are computed on as the signed numbers of the same bits.
Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import TypeAlias

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler

PREFIX = "Unsigned"
"""How the operators of this file are named: the prefix, then ONNX's name."""

_TOP = -(1 << 63)
_Binary: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def _signed(value: Tensor) -> Tensor:
    whole = value.dtype is torch.uint64
    return value.contiguous().view(torch.int64) if whole else value.to(torch.int64)


def _unsigned(value: Tensor, dtype: torch.dtype) -> Tensor:
    return value.contiguous().view(dtype) if dtype is torch.uint64 else value.to(dtype)


def _ordered(value: Tensor) -> Tensor:
    """Map to signed numbers of the same order."""
    return _signed(value) ^ _TOP if value.dtype is torch.uint64 else _signed(value)


def _quotient(left: Tensor, right: Tensor, dtype: torch.dtype) -> Tensor:
    """Divide numbers given as signed; 64 bits by halves, then one correction."""
    if dtype is not torch.uint64:
        return torch.div(left, right, rounding_mode="floor")
    large = right < 0
    safe = torch.where(large, torch.ones_like(right), right)
    half = (left >> 1) & ~_TOP
    guess = torch.div(half, safe, rounding_mode="floor") << 1
    rest = left - guess * safe
    more = (rest ^ _TOP) >= (safe ^ _TOP)
    whole = ((left ^ _TOP) >= (right ^ _TOP)).to(torch.int64)
    return torch.where(large, whole, guess + more.to(torch.int64))


def _wrap(run: _Binary, *values: Tensor) -> Tensor:
    return _unsigned(reduce(run, [_signed(each) for each in values]), values[0].dtype)


def _compare(run: _Binary, left: Tensor, right: Tensor) -> Tensor:
    return run(_ordered(left), _ordered(right))


def _choose(run: _Binary, *values: Tensor) -> Tensor:
    best = reduce(run, [_ordered(each) for each in values])
    dtype = values[0].dtype
    return _unsigned(best ^ _TOP if dtype is torch.uint64 else best, dtype)


def divide(left: Tensor, right: Tensor) -> Tensor:
    """Divide: https://onnx.ai/onnx/operators/onnx__Div.html."""
    return _unsigned(_quotient(_signed(left), _signed(right), left.dtype), left.dtype)


def modulo(left: Tensor, right: Tensor, *, fmod: int = 0) -> Tensor:
    """Leave the rest of a division: https://onnx.ai/onnx/operators/onnx__Mod.html."""
    del fmod
    above, below = _signed(left), _signed(right)
    return _unsigned(above - below * _quotient(above, below, left.dtype), left.dtype)


def shift_bits(value: Tensor, places: Tensor, *, direction: str) -> Tensor:
    """Shift bits: https://onnx.ai/onnx/operators/onnx__BitShift.html."""
    wide = _signed(value)
    count = _signed(places)
    far = (count < 0) | (count >= value.dtype.itemsize * 8)
    near = torch.where(far, torch.zeros_like(count), count)
    if direction == "LEFT":
        moved = wide << near
    else:
        mask = torch.where(near > 0, ~(torch.full_like(near, -1) << (64 - near)), -1)
        moved = (wide >> near) & mask
    return _unsigned(torch.where(far, torch.zeros_like(moved), moved), value.dtype)


def invert_bits(value: Tensor) -> Tensor:
    """Turn each bit: https://onnx.ai/onnx/operators/onnx__BitwiseNot.html."""
    return _unsigned(~_signed(value), value.dtype)


_KERNELS: Mapping[str, Callable[..., Tensor]] = {
    "Add": partial(_wrap, torch.add),
    "BitShift": shift_bits,
    "BitwiseAnd": partial(_wrap, torch.bitwise_and),
    "BitwiseNot": invert_bits,
    "BitwiseOr": partial(_wrap, torch.bitwise_or),
    "BitwiseXor": partial(_wrap, torch.bitwise_xor),
    "Div": divide,
    "Greater": partial(_compare, torch.gt),
    "GreaterOrEqual": partial(_compare, torch.ge),
    "Less": partial(_compare, torch.lt),
    "LessOrEqual": partial(_compare, torch.le),
    "Max": partial(_choose, torch.maximum),
    "Min": partial(_choose, torch.minimum),
    "Mod": modulo,
    "Mul": partial(_wrap, torch.mul),
    "Sub": partial(_wrap, torch.sub),
    "Sum": partial(_wrap, torch.add),
}

OPERATORS = frozenset(_KERNELS)
"""Operators of ONNX that have a kernel here."""

HANDLERS: Mapping[str, Handler] = {
    PREFIX + name: Handler(kernel, domain="transcoder") for name, kernel in _KERNELS.items()
}
