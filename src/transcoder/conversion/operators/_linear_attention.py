"""Networks that carry a state along time.

Legend: heads of queries may be a multiple of those of keys.
Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler

_RULES = {"linear": (0, 0), "gated": (1, 0), "delta": (0, 1), "gated_delta": (1, 1)}


def _wide(value: Tensor) -> Tensor:
    return value if value.dtype is torch.float64 else value.float()


def _heads(value: Tensor, count: int) -> Tensor:
    """Split (batch, time, heads * width) to (time, batch, heads, width)."""
    return _wide(value).reshape(*value.shape[:2], count, -1).transpose(0, 1)


def linear_attention(
    query: Tensor, key: Tensor, value: Tensor, past_state: Tensor | None = None,
    decay: Tensor | None = None, beta: Tensor | None = None, *, kv_num_heads: int,
    q_num_heads: int, chunk_size: int = 0, scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Attend through a state: https://onnx.ai/onnx/operators/onnx__LinearAttention.html."""
    del chunk_size
    if _RULES[update_rule] != (int(decay is not None), int(beta is not None)):
        message = f"update_rule {update_rule!r} does not fit the decay and beta it was given"
        raise ValueError(message)
    queries, keys = _heads(query, q_num_heads), _heads(key, kv_num_heads)
    values = _heads(value, kv_num_heads)
    decays = None if decay is None else _heads(decay, kv_num_heads).exp()
    betas = None if beta is None else _heads(beta, beta.shape[2])
    width = keys.shape[3]
    if past_state is None:
        state = keys.new_zeros((*keys.shape[1:], values.shape[3]))
    else:
        state = _wide(past_state)
    outputs = []
    for turn in range(len(queries)):
        if decays is not None:
            state = state * decays[turn].unsqueeze(-1)
        write = values[turn]
        if betas is not None:
            write = betas[turn] * (write - torch.einsum("bhdm,bhd->bhm", state, keys[turn]))
        state = state + keys[turn].unsqueeze(-1) * write.unsqueeze(-2)
        read = state.repeat_interleave(q_num_heads // kv_num_heads, 1)
        outputs.append(torch.einsum("bhd,bhdm->bhm", queries[turn], read))
    factor = scale or 1 / math.sqrt(width)
    result = torch.stack(outputs, 1).flatten(2) * factor
    kept = query.dtype if past_state is None else past_state.dtype
    return result.to(query.dtype), state.to(kept)


def causal_convolve(
    value: Tensor, weight: Tensor, bias: Tensor | None = None,
    past_state: Tensor | None = None, *, activation: str = "none",
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Convolve what came before: https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html."""
    before = weight.shape[2] - 1
    if past_state is None:
        padded = functional.pad(value, (before, 0))
    else:
        padded = torch.cat((past_state, value), 2)
    result = functional.conv1d(padded, weight, bias, groups=value.shape[1])
    if activation in {"silu", "swish"}:
        result = functional.silu(_wide(result)).to(value.dtype)
    elif activation != "none":
        message = f"activation {activation!r} is unknown"
        raise ValueError(message)
    return result, padded[:, :, padded.shape[2] - before :]


HANDLERS: Mapping[str, Handler] = {
    "CausalConvWithState": Handler(causal_convolve, many=True),
    "LinearAttention": Handler(linear_attention, many=True),
}
