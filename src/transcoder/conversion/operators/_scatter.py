"""Caches, distinct values and raw bits.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler


def update_cache(
    past: Tensor, update: Tensor, starts: Tensor | None = None,
    *, axis: int = -2, mode: str = "linear",
) -> Tensor:  # fmt: skip
    """Write into a cache: https://onnx.ai/onnx/operators/onnx__TensorScatter.html."""
    at = axis % past.dim()
    length, count = past.shape[at], update.shape[at]
    first = past.new_zeros((len(past),), dtype=torch.int64) if starts is None else starts
    places = first[:, None] + torch.arange(count, device=past.device)
    if mode == "circular":
        places = places % length
    elif mode != "linear":
        message = f"mode {mode!r} is unknown"
        raise ValueError(message)
    shape = [1] * past.dim()
    shape[0], shape[at] = len(past), count
    return past.scatter(at, places.reshape(shape).expand(update.shape), update)


def unique(
    value: Tensor,
    *,
    axis: int | None = None,
    sorted: int = 1,  # noqa: A002  # named as in ONNX
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Find distinct values: https://onnx.ai/onnx/operators/onnx__Unique.html."""
    flat, at = (value.reshape(-1), 0) if axis is None else (value, axis % value.dim())
    keys = flat.detach()
    keys = keys.float() if keys.dtype in {torch.bfloat16, torch.float16} else keys
    _, inverse, counts = torch.unique(
        keys, sorted=True, return_inverse=True, return_counts=True, dim=at
    )
    places = torch.arange(len(inverse), device=value.device)
    first = torch.full_like(counts, len(inverse)).scatter_reduce(0, inverse, places, "amin")
    if not sorted:
        order = torch.argsort(first)
        inverse = torch.argsort(order)[inverse]
        first, counts = first[order], counts[order]
    return flat.index_select(at, first), first, inverse, counts


def reinterpret(value: Tensor, *, to: torch.dtype) -> Tensor:
    """Read the same bits as another type: https://onnx.ai/onnx/operators/onnx__BitCast.html."""
    if value.dtype.itemsize != to.itemsize:
        message = f"{value.dtype} and {to} are not of the same width"
        raise TypeError(message)
    return value.view(to)


HANDLERS: Mapping[str, Handler] = {
    "BitCast": Handler(reinterpret),
    "TensorScatter": Handler(update_cache),
    "Unique": Handler(unique, many=True),
}
