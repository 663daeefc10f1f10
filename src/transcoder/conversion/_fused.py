"""Kernels that stand for several operators at once, with the same result up to rounding.

Where what they are given does not fit, they compute step by step as the file says.
"""

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators import HANDLERS

_WIDE = (torch.float32, torch.float64)
_HEADED = 4


def linear(value: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Multiply by a matrix (given, made) and add a row: MatMul, Add."""
    return functional.linear(value, weight.t(), bias)


def swish(value: Tensor) -> Tensor:
    """Gate by a sigmoid: Sigmoid, Mul."""
    return functional.silu(value)


def gelu(value: Tensor) -> Tensor:
    """Gate by the normal distribution: Div, Erf, Add, Mul, Mul."""
    return functional.gelu(value)


def gelu_tanh(value: Tensor) -> Tensor:
    """Gate by nearly the normal distribution: Pow, Mul, Add, Mul, Tanh, Add, Mul, Mul."""
    return functional.gelu(value, approximate="tanh")


def hard_swish(value: Tensor) -> Tensor:
    """Gate by three lines, as https://onnx.ai/onnx/operators/onnx__HardSwish.html."""
    return functional.hardswish(value)


def hard_sigmoid(value: Tensor, *, alpha: float) -> Tensor:
    """Draw a sigmoid in three lines of slope 1/6, which the file gives as a float32."""
    if value.dtype is torch.float64:
        return torch.clamp(alpha * value + 0.5, 0, 1)
    return functional.hardsigmoid(value)


def power(base: Tensor, *, exponent: float) -> Tensor:
    """Raise to a number that never changes."""
    return torch.pow(base, exponent).to(base.dtype)


def inverse_root(value: Tensor) -> Tensor:
    """Divide one by the root: Sqrt, Reciprocal."""
    return torch.rsqrt(value)


def layer_norm(value: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float) -> Tensor:
    """Normalize the last axis: ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add."""
    return functional.layer_norm(value, scale.shape, scale, bias, epsilon)


def parts(value: Tensor, *, axis: int, bounds: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Cut at bounds: Slices that lie side by side; the last may reach beyond the end."""
    length = value.shape[axis]
    stops = [min(each, length) for each in bounds]
    sizes = [stop - start for start, stop in zip([0, *stops], stops, strict=False)]
    if stops[-1] == length and all(sizes):
        return torch.split(value, sizes, axis)
    return tuple(
        value.narrow(axis, stop - size, size) for stop, size in zip(stops, sizes, strict=True)
    )


def turned(
    value: Tensor, flat: tuple[int, ...], back: tuple[int, ...], *, allows: tuple[int, int]
) -> Tensor:
    """Swap the last two axes by way of three: Reshape, Transpose, Reshape.

    Args:
        value: What is laid out anew.
        flat: The first shape.
        back: The second.
        allows: Whether a zero in either shape means a length of zero.
    """
    if value.dim() > 1:
        *around, rows, columns = value.shape
        count = value.shape[:-2].numel()
        plain = tuple(flat) in {(-1, rows, columns), (count, rows, columns)}
        if plain and tuple(back) == (*around, columns, rows) and value.numel():
            return value.mT
    first = _reshape(value, flat, allowzero=allows[0])
    return _reshape(first.permute(0, 2, 1), back, allowzero=allows[1])


def _reshape(value: Tensor, shape: tuple[int, ...], *, allowzero: int) -> Tensor:
    return HANDLERS["Reshape"].run(value, shape, allowzero=allowzero)  # type: ignore[return-value]  # a tensor, by its operator


def hidden_rows(mask: Tensor) -> Tensor:
    """Find the rows of an attention mask that hide everything, (..., query, 1)."""
    return torch.isneginf(mask).all(-1, keepdim=True)


def attend(  # noqa: PLR0913  # all that attention depends on
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None,
    hidden: Tensor | None = None, *, scale: float = 1.0, axis: int = -1,
    otherwise: float = torch.nan,
) -> Tensor:  # fmt: skip
    """Attend: MatMul, Mul, Add, Softmax, MatMul.

    Args:
        query: (..., query, width).
        key: Turned, (..., width, key).
        value: (..., key, width).
        mask: Added to the scores.
        hidden: Rows of the mask that hide everything; no gradients come from them.
        scale: Of the scores.
        axis: Along which shares sum to one.
        otherwise: What hidden rows give; no number, as in ONNX, where the file does not say
            otherwise.
    """
    if axis in {-1, 3} and _fits(query, key, value, mask):
        result = functional.scaled_dot_product_attention(
            query, key.mT, value, attn_mask=mask, scale=scale
        )
    else:
        scores = torch.matmul(query, key)
        scores = scores if scale == 1 else scores * scale
        scores = scores if mask is None else scores + mask
        shares = _softmax(scores, axis, guards=otherwise == 0)
        return torch.matmul(shares, value)
    return result if hidden is None else result.masked_fill(hidden, otherwise)


def _softmax(scores: Tensor, axis: int, *, guards: bool) -> Tensor:
    if not guards:
        return HANDLERS["Softmax"].run(scores, axis=axis)  # type: ignore[return-value]  # a tensor, by its operator
    shares: Tensor = HANDLERS["GuardedSoftmax"].run(scores, axis=axis)  # type: ignore[assignment]  # likewise
    return torch.where(torch.isnan(shares), 0.0, shares)


def _fits(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> bool:
    if query.dim() != _HEADED or query.dtype not in _WIDE or query.shape[2] == 0:
        return False
    same = query.shape[:2] == key.shape[:2] == value.shape[:2]
    if mask is None or not same:
        return same
    wanted = (*query.shape[:3], key.shape[3])
    return (
        mask.dim() in {2, _HEADED}
        and mask.dtype is query.dtype
        and all(
            each in {1, full}
            for each, full in zip(mask.shape, wanted[-mask.dim() :], strict=True)
        )
    )
