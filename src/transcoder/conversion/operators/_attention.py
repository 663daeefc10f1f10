"""Attention over heads.

Legend: query and key are times; a bias has broadcast shape (batch, heads, query, key).
See https://onnx.ai/onnx/operators/onnx__Attention.html.
"""

# ruff: noqa: PLR0913, PLR0917  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._activation import rounds_each_step, softmax
from transcoder.conversion.operators._handler import Handler

_RAW, _CAPPED, _BIASED, _SHARED = range(4)
_WITH_SCORES = 4


def _heads(value: Tensor, count: int | None) -> Tensor:
    """Split (batch, time, heads * width) to (batch, heads, time, width)."""
    if value.dim() == 4 or count is None:  # noqa: PLR2004  # split already
        return value
    batch, time, width = value.shape
    return value.reshape(batch, time, count, width // count).transpose(1, 2)


def _grouped(value: Tensor, heads: int) -> Tensor:
    repeats = heads // value.shape[1]
    return value if repeats == 1 else value.repeat_interleave(repeats, 1)


def _lengthened(mask: Tensor, keys: int) -> Tensor:
    missing = keys - mask.shape[-1]
    if missing <= 0:
        return mask
    return functional.pad(
        mask, (0, missing), value=0.0 if mask.dtype is torch.bool else -math.inf
    )


def _allowed(
    query: Tensor, keys: int, offset: Tensor | int, *, causal: bool, window: tuple[int, int]
) -> Tensor | None:
    """Say which keys each query may see, None where it may see all.

    Args:
        query: For its length and device.
        keys: How many keys there are.
        offset: Keys before the first query, a number or (batch, 1, 1, 1).
        causal: Whether later keys are hidden.
        window: How far to the left and to the right a query sees; -1 without bound.
    """
    left, right = window
    if not causal and left < 0 and right < 0:
        return None
    rows = torch.arange(query.shape[-2], device=query.device)[:, None] + offset
    ahead = torch.arange(keys, device=query.device) - rows
    seen = ahead <= 0 if causal else torch.ones_like(ahead, dtype=torch.bool)
    if left >= 0:
        seen = seen & (ahead >= -left)
    return seen & (ahead <= right) if right >= 0 else seen


def _offset(query: Tensor, past: Tensor | None, lengths: Tensor | None) -> Tensor | int:
    """Count the keys before the first query."""
    if past is not None:
        return past.shape[2]
    return 0 if lengths is None else lengths.reshape(-1, 1, 1, 1) - query.shape[2]


def _bias(
    mask: Tensor | None, seen: Tensor | None, lengths: Tensor | None, keys: int, like: Tensor
) -> Tensor | None:
    """Join all that hides keys to one bias."""
    parts = [] if seen is None else [_as_bias(seen, like)]
    if mask is not None:
        parts.append(_as_bias(_lengthened(mask, keys), like))
    if lengths is not None:
        real = torch.arange(keys, device=like.device) < lengths.reshape(-1, 1, 1, 1)
        parts.append(_as_bias(real, like))
    total = parts[0] if parts else None
    for part in parts[1:]:
        total = part if total is None else total + part
    return total


def _as_bias(mask: Tensor, like: Tensor) -> Tensor:
    if mask.dtype is not torch.bool:
        return mask
    return torch.zeros_like(mask, dtype=like.dtype).masked_fill(~mask, -math.inf)


def attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None,
    past_key: Tensor | None = None, past_value: Tensor | None = None,
    lengths: Tensor | None = None, *, is_causal: int = 0, kv_num_heads: int | None = None,
    left_window_size: int = -1, q_num_heads: int | None = None, qk_matmul_output_mode: int = 0,
    right_window_size: int = -1, scale: float | None = None, softcap: float = 0.0,
    softmax_precision: torch.dtype | None = None, outputs: int = 1,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Attend: https://onnx.ai/onnx/operators/onnx__Attention.html."""
    flat = query.dim() == 3  # noqa: PLR2004  # heads side by side
    query = _heads(query, q_num_heads)
    key, value = _heads(key, kv_num_heads), _heads(value, kv_num_heads)
    if past_key is not None and past_value is not None:
        key, value = torch.cat((past_key, key), 2), torch.cat((past_value, value), 2)
    window = (left_window_size, right_window_size)
    keys, present = key.shape[2], (key, value)
    offset = _offset(query, past_key, lengths)
    same = softmax_precision in {None, query.dtype} and not rounds_each_step(query)
    fused = softcap == 0 and outputs < _WITH_SCORES and same
    bare = attn_mask is None and lengths is None and past_key is None and max(window) < 0
    triangle = fused and bool(is_causal) and bare and query.shape[2] == keys
    causal = bool(is_causal) and not triangle
    seen = _allowed(query, keys, offset, causal=causal, window=window)
    bias = _bias(attn_mask, seen, lengths, keys, query)
    key, value = _grouped(key, query.shape[1]), _grouped(value, query.shape[1])
    factor = 1 / math.sqrt(query.shape[3]) if scale is None else scale
    if fused:
        result = scores = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias, is_causal=triangle, scale=factor
        )
    else:
        result, scores = _attend(
            query, key, value, bias, (factor, softcap), qk_matmul_output_mode, softmax_precision
        )
    if flat:
        result = result.transpose(1, 2).flatten(2)
    return (result, *present, scores)[:outputs]


def _attend(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None,
    numbers: tuple[float, float], mode: int, precision: torch.dtype | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    factor, cap = numbers
    root = math.sqrt(factor)
    if rounds_each_step(query):
        root = float(torch.tensor(root).to(query.dtype))
    scores = (query * root) @ (key * root).transpose(-1, -2)
    capped = torch.tanh(scores / cap) * cap if cap > 0 else scores
    biased = capped if bias is None else capped + bias
    shares = _shares(biased, bias, precision).to(query.dtype)
    stages = {_RAW: scores, _CAPPED: capped, _BIASED: biased, _SHARED: shares}
    return shares @ value, stages[mode]


def _shares(biased: Tensor, bias: Tensor | None, precision: torch.dtype | None) -> Tensor:
    """Take the softmax; a query that may see nothing gets zeros, and zero gradients."""
    wide = biased if precision is None else biased.to(precision)
    if bias is None:
        return softmax(wide)
    hidden = torch.isneginf(bias).all(-1, keepdim=True)
    safe = wide.masked_fill(hidden, 0.0)
    return softmax(safe).masked_fill(hidden, 0.0)


HANDLERS: Mapping[str, Handler] = {"Attention": Handler(attention, many=True)}
