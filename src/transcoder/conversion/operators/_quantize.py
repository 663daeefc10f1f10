"""Numbers of few bits and back; gradients pass only where the values are real.

Legend: where `to_torch(straight_through=True)` asks for it, kernels round with `through`: steps
stay real numbers that hold integers, and have the gradient of what was rounded. Kernels that
take steps take both kinds.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913, PLR0917  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from transcoder.conversion.operators._conv import convolve
from transcoder.conversion.operators._handler import Handler, handlers
from transcoder.conversion.operators._narrow import HELD, bounds, limits, narrowed


def _spread(scale: Tensor, value: Tensor, axis: int, block_size: int) -> Tensor:
    """Bring one scale per tensor, per place on an axis, or per block to the value's shape."""
    if scale.dim() == 0 or (scale.dim() == 1 and scale.numel() == 1):
        return scale.reshape(())
    if block_size:
        wide = scale.repeat_interleave(block_size, axis)
        return wide.narrow(axis, 0, value.shape[axis])
    return scale.reshape([-1 if at == axis % value.dim() else 1 for at in range(value.dim())])


def _saturated(value: Tensor, dtype: torch.dtype) -> Tensor:
    low, high = limits(dtype)
    return value.clamp(low, high).to(HELD.get(dtype, dtype))


def _through(steps: Tensor, real: Tensor, dtype: torch.dtype) -> Tensor:
    """Give steps as float64 with the gradient of what was rounded, none where it saturated."""
    inside = real.to(torch.float64).clamp(*bounds(dtype))
    return steps.to(torch.float64).detach() + (inside - inside.detach())


def _requantized(real: Tensor, zero: Tensor, *, through: bool) -> Tensor:
    middle = zero.to(torch.float64)
    steps = _saturated(torch.round(real) + middle, zero.dtype)
    return _through(steps, real + middle, zero.dtype) if through else steps


def quantize(
    value: Tensor, scale: Tensor, zero: Tensor | None = None, *, axis: int = 1,
    block_size: int = 0, output_dtype: torch.dtype | None = None,
    precision: torch.dtype | None = None, saturate: int = 1, through: bool = False,
) -> Tensor:  # fmt: skip
    """Round to steps: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html."""
    dtype = output_dtype or (torch.uint8 if zero is None else zero.dtype)
    sizes = _spread(scale, value, axis, block_size)
    if precision is not None:
        value, sizes = value.to(precision), sizes.to(precision)
    ratio = value / sizes
    middle = None if zero is None else _spread(zero, value, axis, block_size)
    moved = ratio if middle is None else ratio + middle.to(ratio.dtype)
    if dtype.is_floating_point:
        steps = narrowed(moved, dtype, saturate=bool(saturate), round_mode="up")
    else:
        wide = torch.round(ratio).to(torch.float64)
        wide = wide if middle is None else wide + middle.to(torch.float64)
        steps = _saturated(wide, dtype)
    return _through(steps, moved, dtype) if through else steps


def dequantize(
    value: Tensor, scale: Tensor, zero: Tensor | None = None,
    *, axis: int = 1, block_size: int = 0, output_dtype: torch.dtype | None = None,
) -> Tensor:  # fmt: skip
    """Give steps their size: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html."""
    is_held = value.dtype is torch.float64
    narrow = torch.float32 if value.is_floating_point() else torch.int64
    whole = torch.float64 if is_held else narrow
    steps = value.to(whole)
    if zero is not None:
        steps = steps - _spread(zero, value, axis, block_size).to(whole)
    sizes = _spread(scale, value, axis, block_size)
    return (steps.to(sizes.dtype) * sizes).to(output_dtype or scale.dtype)


def dynamic_quantize(value: Tensor, *, through: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """Choose steps, then round: https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html."""
    low, high = value.amin().clamp(max=0), value.amax().clamp(min=0)
    scale = (high - low) / 255
    zero = _saturated(torch.round(-low / scale), torch.uint8)
    return quantize(value, scale, zero, through=through), scale, zero


def _centred(value: Tensor, zero: Tensor | None, *, by_row: bool = False) -> Tensor:
    wide = value.to(torch.float64 if value.is_floating_point() else torch.int32)
    if zero is None:
        return wide
    middle = zero.to(wide.dtype)
    return wide - (
        middle.unsqueeze(-1) if by_row and zero.dim() == 1 and zero.numel() > 1 else middle
    )


def multiply_integers(
    left: Tensor,
    right: Tensor,
    left_zero: Tensor | None = None,
    right_zero: Tensor | None = None,
) -> Tensor:
    """Multiply small integers: https://onnx.ai/onnx/operators/onnx__MatMulInteger.html."""
    first, second = _centred(left, left_zero, by_row=True), _centred(right, right_zero)
    common = torch.promote_types(first.dtype, second.dtype)
    return torch.matmul(first.to(common), second.to(common))


def convolve_integers(
    value: Tensor, weight: Tensor, zero: Tensor | None = None,
    weight_zero: Tensor | None = None,
    *, auto_pad: str = "NOTSET", dilations: tuple[int, ...] | None = None, group: int = 1,
    kernel_shape: tuple[int, ...] | None = None, pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Convolve small integers, exactly: https://onnx.ai/onnx/operators/onnx__ConvInteger.html."""
    kernel = _centred(weight, _by_channel(weight_zero, weight)).to(torch.float64)
    result = convolve(
        _centred(value, zero).to(torch.float64), kernel, auto_pad=auto_pad, dilations=dilations,
        group=group, kernel_shape=kernel_shape, pads=pads, strides=strides,
    )  # fmt: skip
    is_held = value.is_floating_point() or weight.is_floating_point()
    return result if is_held else result.to(torch.int32)


def _by_channel(numbers: Tensor | None, weight: Tensor) -> Tensor | None:
    if numbers is None or numbers.numel() == 1:
        return None if numbers is None else numbers.reshape(())
    return numbers.reshape(-1, *(1,) * (weight.dim() - 1))


def quantized_matmul(
    left: Tensor, left_scale: Tensor, left_zero: Tensor, right: Tensor, right_scale: Tensor,
    right_zero: Tensor, scale: Tensor, zero: Tensor, *, through: bool = False,
) -> Tensor:  # fmt: skip
    """Multiply quantized matrices: https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html."""
    rows = (
        left_scale.unsqueeze(-1)
        if left_scale.dim() == 1 and left_scale.numel() > 1
        else left_scale
    )
    product = multiply_integers(left, right, left_zero, right_zero)
    sizes = rows.to(torch.float64) * right_scale.to(torch.float64) / scale.to(torch.float64)
    return _requantized(product * sizes, zero, through=through)


def quantized_convolve(
    value: Tensor, value_scale: Tensor, value_zero: Tensor, weight: Tensor,
    weight_scale: Tensor, weight_zero: Tensor, scale: Tensor, zero: Tensor,
    bias: Tensor | None = None, *, auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None, group: int = 1,
    kernel_shape: tuple[int, ...] | None = None, pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None, through: bool = False,
) -> Tensor:  # fmt: skip
    """Convolve quantized images: https://onnx.ai/onnx/operators/onnx__QLinearConv.html."""
    sums = convolve_integers(
        value, weight, value_zero, weight_zero, auto_pad=auto_pad, dilations=dilations,
        group=group, kernel_shape=kernel_shape, pads=pads, strides=strides,
    ).to(torch.float64)  # fmt: skip
    around = (-1, *(1,) * (value.dim() - 2))
    if bias is not None:
        sums = sums + bias.reshape(around)
    sizes = (value_scale * weight_scale).to(torch.float64) / scale.to(torch.float64)
    real = sums * (sizes.reshape(around) if sizes.numel() > 1 else sizes)
    return _requantized(real, zero, through=through)


_ROUNDING = {
    "QLinearConv": Handler(quantized_convolve),
    "QLinearMatMul": Handler(quantized_matmul),
    "QuantizeLinear": Handler(quantize),
    "DynamicQuantizeLinear": Handler(dynamic_quantize, many=True),
}

THROUGH = "Through"
"""How the names end of those twins of rounding operators that let gradients pass."""

ROUNDING = frozenset(_ROUNDING)
"""Operators that have such a twin."""

HANDLERS: Mapping[str, Handler] = {
    **handlers(
        {
            "ConvInteger": convolve_integers,
            "DequantizeLinear": dequantize,
            "MatMulInteger": multiply_integers,
        }
    ),
    **_ROUNDING,
    **{
        name + THROUGH: replace(each, run=partial(each.run, through=True), domain="transcoder")
        for name, each in _ROUNDING.items()
    },
}
