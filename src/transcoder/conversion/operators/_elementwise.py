"""Arithmetic, comparison, logic and casts, element by element.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler, handlers
from transcoder.conversion.operators._narrow import NARROW, narrowed

_UNSIGNED = frozenset({torch.uint16, torch.uint32, torch.uint64})


def divide(left: Tensor, right: Tensor) -> Tensor:
    """Divide; integers toward zero: https://onnx.ai/onnx/operators/onnx__Div.html."""
    if left.is_floating_point():
        return left / right
    return torch.div(left, right, rounding_mode="trunc")


def modulo(left: Tensor, right: Tensor, *, fmod: int = 0) -> Tensor:
    """Leave the rest of a division: https://onnx.ai/onnx/operators/onnx__Mod.html."""
    return torch.fmod(left, right) if fmod else torch.remainder(left, right)


def power(base: Tensor, exponent: Tensor) -> Tensor:
    """Keep the type of the base: https://onnx.ai/onnx/operators/onnx__Pow.html."""
    if exponent.dtype in _UNSIGNED:
        exponent = exponent.to(base.dtype)
    return torch.pow(base, exponent).to(base.dtype)


def highest(*values: Tensor) -> Tensor:
    """Take the highest of all inputs: https://onnx.ai/onnx/operators/onnx__Max.html."""
    return reduce(torch.maximum, values)


def lowest(*values: Tensor) -> Tensor:
    """Take the lowest of all inputs: https://onnx.ai/onnx/operators/onnx__Min.html."""
    return reduce(torch.minimum, values)


def total(*values: Tensor) -> Tensor:
    """Add all inputs: https://onnx.ai/onnx/operators/onnx__Sum.html."""
    return reduce(torch.add, values)


def average(*values: Tensor) -> Tensor:
    """Average all inputs: https://onnx.ai/onnx/operators/onnx__Mean.html."""
    return total(*values) / len(values)


def clip(value: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    """Keep within bounds: https://onnx.ai/onnx/operators/onnx__Clip.html."""
    if low is None and high is None:
        return value
    return torch.clamp(value, low, high)


def is_infinite(value: Tensor, *, detect_negative: int = 1, detect_positive: int = 1) -> Tensor:
    """Find infinities: https://onnx.ai/onnx/operators/onnx__IsInf.html."""
    if detect_negative and detect_positive:
        return torch.isinf(value)
    if detect_positive:
        return torch.isposinf(value)
    return (
        torch.isneginf(value) if detect_negative else torch.zeros_like(value, dtype=torch.bool)
    )


def shift_bits(value: Tensor, places: Tensor, *, direction: str) -> Tensor:
    """Shift bits: https://onnx.ai/onnx/operators/onnx__BitShift.html."""
    wide = value.to(torch.int64), places.to(torch.int64)
    if value.dtype is torch.uint64:
        message = "shifting 64-bit unsigned integers has no exact torch meaning"
        raise TypeError(message)
    shift = torch.bitwise_left_shift if direction == "LEFT" else torch.bitwise_right_shift
    return shift(*wide).to(value.dtype)


def identity(value: object) -> object:
    """Give the same value: https://onnx.ai/onnx/operators/onnx__Identity.html."""
    return value


def cast(
    value: Tensor, *, to: torch.dtype, saturate: int = 1, round_mode: str = "up"
) -> Tensor:
    """Change the type: https://onnx.ai/onnx/operators/onnx__Cast.html."""
    if to in NARROW:
        return narrowed(value, to, saturate=bool(saturate), round_mode=round_mode)
    return value.to(to)


def cast_like(
    value: Tensor, like: Tensor, *, saturate: int = 1, round_mode: str = "up"
) -> Tensor:
    """Take another's type: https://onnx.ai/onnx/operators/onnx__CastLike.html."""
    del saturate, round_mode
    return value.to(like.dtype)


def _say_training(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    del keywords
    ratio = numbers[1] if len(numbers) > 1 else None
    training = numbers[2] if len(numbers) > 2 else None  # noqa: PLR2004  # data, ratio, mode
    if training and ratio != 0:
        return "it drops at random, as in training; export the network for inference"
    return None


def keep_all(
    value: Tensor, ratio: float | None = None, training: bool | None = None,  # noqa: FBT001  # an ONNX input
    *, seed: int = 0, outputs: int = 1,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Keep all, as at inference: https://onnx.ai/onnx/operators/onnx__Dropout.html."""
    del seed
    if training and ratio != 0:
        message = "it drops at random when told to train"
        raise ValueError(message)
    mask = (torch.ones_like(value, dtype=torch.bool),) if outputs > 1 else ()
    return (value, *mask)


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "Abs": torch.abs,
        "Acos": torch.acos,
        "Acosh": torch.acosh,
        "Add": torch.add,
        "And": torch.logical_and,
        "Asin": torch.asin,
        "Asinh": torch.asinh,
        "Atan": torch.atan,
        "Atanh": torch.atanh,
        "BitShift": shift_bits,
        "BitwiseAnd": torch.bitwise_and,
        "BitwiseNot": torch.bitwise_not,
        "BitwiseOr": torch.bitwise_or,
        "BitwiseXor": torch.bitwise_xor,
        "Cast": cast,
        "CastLike": cast_like,
        "Ceil": torch.ceil,
        "Clip": clip,
        "Cos": torch.cos,
        "Cosh": torch.cosh,
        "Div": divide,
        "Equal": torch.eq,
        "Erf": torch.erf,
        "Exp": torch.exp,
        "Floor": torch.floor,
        "Greater": torch.gt,
        "GreaterOrEqual": torch.ge,
        "Identity": identity,
        "IsInf": is_infinite,
        "IsNaN": torch.isnan,
        "Less": torch.lt,
        "LessOrEqual": torch.le,
        "Log": torch.log,
        "Max": highest,
        "Mean": average,
        "Min": lowest,
        "Mod": modulo,
        "Mul": torch.mul,
        "Neg": torch.neg,
        "Not": torch.logical_not,
        "Or": torch.logical_or,
        "Pow": power,
        "Reciprocal": torch.reciprocal,
        "Round": torch.round,
        "Sign": torch.sign,
        "Sin": torch.sin,
        "Sinh": torch.sinh,
        "Sqrt": torch.sqrt,
        "Sub": torch.sub,
        "Sum": total,
        "Tan": torch.tan,
        "Where": torch.where,
        "Xor": torch.logical_xor,
    }
) | {"Dropout": Handler(keep_all, host=(1, 2), many=True, check=_say_training)}
