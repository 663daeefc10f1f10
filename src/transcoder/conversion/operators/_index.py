"""What picks, places, sorts or counts along an axis.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler, handlers

_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def gather(value: Tensor, index: Tensor, *, axis: int = 0) -> Tensor:
    """Pick along an axis: https://onnx.ai/onnx/operators/onnx__Gather.html."""
    return value[(slice(None),) * (axis % value.dim()) + (index,)]


def select(value: Tensor, index: int | tuple[int, ...], *, axis: int = 0) -> Tensor:
    """Pick at places that Python knows, as `gather`."""
    if isinstance(index, int):
        return value.select(axis, index)
    return gather(value, torch.tensor(index, dtype=torch.int64, device=value.device), axis=axis)


def _wrapped(index: Tensor, length: int) -> Tensor:
    return torch.where(index < 0, index + length, index).to(torch.int64)


def gather_elements(value: Tensor, index: Tensor, *, axis: int = 0) -> Tensor:
    """Pick element by element: https://onnx.ai/onnx/operators/onnx__GatherElements.html."""
    return torch.gather(value, axis, _wrapped(index, value.shape[axis]))


def gather_nd(value: Tensor, index: Tensor, *, batch_dims: int = 0) -> Tensor:
    """Pick slices by tuples: https://onnx.ai/onnx/operators/onnx__GatherND.html."""
    grids = [
        torch.arange(length, device=value.device).reshape(
            (1,) * at + (-1,) + (1,) * (index.dim() - at - 2)
        )
        for at, length in enumerate(value.shape[:batch_dims])
    ]
    return value[(*grids, *index.unbind(-1))]


def scatter_elements(
    value: Tensor, index: Tensor, updates: Tensor, *, axis: int = 0, reduction: str = "none"
) -> Tensor:
    """Place element by element: https://onnx.ai/onnx/operators/onnx__ScatterElements.html."""
    places = _wrapped(index, value.shape[axis])
    if reduction == "none":
        return value.scatter(axis, places, updates)
    return value.scatter_reduce(axis, places, updates, _REDUCTIONS[reduction])


def scatter_nd(
    value: Tensor, index: Tensor, updates: Tensor, *, reduction: str = "none"
) -> Tensor:
    """Place slices by tuples: https://onnx.ai/onnx/operators/onnx__ScatterND.html."""
    places = index.unbind(-1)
    if reduction in {"none", "add"}:
        return value.index_put(places, updates, accumulate=reduction == "add")
    depth = index.shape[-1]
    lengths, rest = value.shape[:depth], math.prod(value.shape[depth:])
    flat = torch.zeros_like(places[0], dtype=torch.int64)
    for place, length in zip(places, lengths, strict=True):
        flat = flat * length + _wrapped(place, length)
    rows = flat.reshape(-1, 1).expand(-1, rest)
    table = value.reshape(-1, rest)
    return table.scatter_reduce(
        0, rows, updates.reshape(-1, rest), _REDUCTIONS[reduction]
    ).reshape(value.shape)


def one_hot(
    index: Tensor, depth: float | tuple[float, ...], values: Tensor, *, axis: int = -1
) -> Tensor:
    """Mark one place of many: https://onnx.ai/onnx/operators/onnx__OneHot.html."""
    length = int(depth[0] if isinstance(depth, tuple) else depth)
    rank = index.dim() + 1
    places = torch.arange(length, device=index.device).reshape(
        (-1,) + (1,) * (rank - 1 - axis % rank)
    )
    given = torch.where(index < 0, index + length, index).unsqueeze(axis % rank)
    return torch.where(given == places, values[1], values[0])


def non_zero(value: Tensor) -> Tensor:
    """Find what is not zero: https://onnx.ai/onnx/operators/onnx__NonZero.html."""
    return torch.nonzero(value).T


def top_k(
    value: Tensor,
    count: int | tuple[int, ...],
    *,
    axis: int = -1,
    largest: int = 1,
    sorted: int = 1,  # noqa: A002  # named as in ONNX
) -> tuple[Tensor, Tensor]:
    """Take the highest, the first of equals first: https://onnx.ai/onnx/operators/onnx__TopK.html."""
    del sorted
    number = count[0] if isinstance(count, tuple) else count
    values, places = torch.sort(value, dim=axis, descending=bool(largest), stable=True)
    return values.narrow(axis, 0, number), places.narrow(axis, 0, number)


def arg_max(
    value: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0
) -> Tensor:
    """Find the highest: https://onnx.ai/onnx/operators/onnx__ArgMax.html."""
    if not select_last_index:
        return torch.argmax(value, axis, keepdim=bool(keepdims))
    back = torch.argmax(value.flip(axis), axis, keepdim=bool(keepdims))
    return value.shape[axis] - 1 - back


def arg_min(
    value: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0
) -> Tensor:
    """Find the lowest: https://onnx.ai/onnx/operators/onnx__ArgMin.html."""
    if not select_last_index:
        return torch.argmin(value, axis, keepdim=bool(keepdims))
    back = torch.argmin(value.flip(axis), axis, keepdim=bool(keepdims))
    return value.shape[axis] - 1 - back


def compress(value: Tensor, condition: Tensor, *, axis: int | None = None) -> Tensor:
    """Keep where true: https://onnx.ai/onnx/operators/onnx__Compress.html."""
    flat = value.reshape(-1) if axis is None else value
    places = torch.nonzero(condition).reshape(-1)
    return flat.index_select(0 if axis is None else axis, places)


def _axis_of(axis: int | tuple[int, ...]) -> int:
    return axis[0] if isinstance(axis, tuple) else axis


def cum_sum(
    value: Tensor, axis: int | tuple[int, ...], *, exclusive: int = 0, reverse: int = 0
) -> Tensor:
    """Sum up along an axis: https://onnx.ai/onnx/operators/onnx__CumSum.html."""
    at = _axis_of(axis)
    turned = value.flip(at) if reverse else value
    if exclusive:
        zero = torch.zeros_like(turned.narrow(at, 0, 1))
        turned = torch.cat((zero, turned.narrow(at, 0, turned.shape[at] - 1)), at)
    result = torch.cumsum(turned, at, dtype=value.dtype)
    return result.flip(at) if reverse else result


def cum_prod(
    value: Tensor, axis: int | tuple[int, ...], *, exclusive: int = 0, reverse: int = 0
) -> Tensor:
    """Multiply up along an axis: https://onnx.ai/onnx/operators/onnx__CumProd.html."""
    at = _axis_of(axis)
    turned = value.flip(at) if reverse else value
    if exclusive:
        one = torch.ones_like(turned.narrow(at, 0, 1))
        turned = torch.cat((one, turned.narrow(at, 0, turned.shape[at] - 1)), at)
    result = torch.cumprod(turned, at, dtype=value.dtype)
    return result.flip(at) if reverse else result


def reverse_sequence(
    value: Tensor, lengths: Tensor, *, batch_axis: int = 1, time_axis: int = 0
) -> Tensor:
    """Turn each row round: https://onnx.ai/onnx/operators/onnx__ReverseSequence.html."""
    rows = value.movedim((batch_axis, time_axis), (0, 1))
    places = torch.arange(rows.shape[1], device=value.device)
    ends = lengths.to(torch.int64)[:, None]
    turned = torch.where(places < ends, ends - 1 - places, places)
    back = rows[torch.arange(rows.shape[0], device=value.device)[:, None], turned]
    return back.movedim((0, 1), (batch_axis, time_axis))


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "ArgMax": arg_max,
        "ArgMin": arg_min,
        "Compress": compress,
        "GatherElements": gather_elements,
        "GatherND": gather_nd,
        "NonZero": non_zero,
        "ReverseSequence": reverse_sequence,
        "ScatterElements": scatter_elements,
        "ScatterND": scatter_nd,
    }
) | {
    "CumProd": Handler(cum_prod, host=(1,)),
    "CumSum": Handler(cum_sum, host=(1,)),
    "Gather": Handler(gather, numeric=Handler(select, host=(1,))),
    "OneHot": Handler(one_hot, host=(1,)),
    "TopK": Handler(top_k, host=(1,), many=True),
}
