"""What takes many numbers along some axes to one.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler

_Reduce: TypeAlias = Callable[[Tensor, tuple[int, ...], bool], Tensor]


def _reduced(
    reduce: _Reduce, value: Tensor, axes: tuple[int, ...] | int | None = None,
    *, keepdims: int = 1, noop_with_empty_axes: int = 0,
) -> Tensor:  # fmt: skip
    wanted = (axes,) if isinstance(axes, int) else axes or ()
    if not wanted and noop_with_empty_axes:
        return reduce(value.unsqueeze(0), (0,), False)  # noqa: FBT003  # nothing is reduced but the element itself
    chosen = tuple(each % value.dim() for each in wanted) or tuple(range(value.dim()))
    return reduce(value, chosen, bool(keepdims)).to(value.dtype)


def _sum(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    return value.sum(axes, keepdim=keep) if axes else value


def _mean(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    if not axes:
        return value
    real = value if value.is_floating_point() else value.to(torch.float64)
    return real.mean(axes, keepdim=keep)


def _extreme(
    choose: Callable[..., Tensor], worst: Callable[[torch.dtype], float],
    value: Tensor, axes: tuple[int, ...], keep: bool,  # noqa: FBT001
) -> Tensor:  # fmt: skip
    if not axes:
        return value
    if math.prod(value.shape[each] for each in axes):
        return choose(value, axes, keepdim=keep)
    empty = torch.sum(value, axes, keepdim=keep)
    return torch.full_like(empty, worst(value.dtype))


def _lowest(dtype: torch.dtype) -> float:
    return (
        -math.inf
        if dtype.is_floating_point
        else 0
        if dtype is torch.bool
        else torch.iinfo(dtype).min
    )


def _highest(dtype: torch.dtype) -> float:
    return (
        math.inf
        if dtype.is_floating_point
        else 1
        if dtype is torch.bool
        else torch.iinfo(dtype).max
    )


def _product(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    for axis in sorted(axes, reverse=True):
        value = value.prod(axis, keepdim=keep)
    return value


def _norm_one(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    return _sum(value.abs(), axes, keep)


def _norm_two(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    if value.is_floating_point():
        norm: Tensor = torch.linalg.vector_norm(value, 2, axes or None, keepdim=keep)
        return norm
    return _square_sum(value.to(torch.float64), axes, keep).sqrt()


def _square_sum(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    return _sum(value * value, axes, keep)


def _log_sum(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    return _sum(_real(value), axes, keep).log()


def _log_sum_exp(value: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:  # noqa: FBT001
    return torch.logsumexp(_real(value), axes, keepdim=keep) if axes else value


def _real(value: Tensor) -> Tensor:
    return value if value.is_floating_point() else value.to(torch.float64)


def _handler(reduce: _Reduce) -> Handler:
    return Handler(partial(_reduced, reduce), host=(1,))


HANDLERS: Mapping[str, Handler] = {
    "ReduceL1": _handler(_norm_one),
    "ReduceL2": _handler(_norm_two),
    "ReduceLogSum": _handler(_log_sum),
    "ReduceLogSumExp": _handler(_log_sum_exp),
    "ReduceMax": _handler(partial(_extreme, torch.amax, _lowest)),
    "ReduceMean": _handler(_mean),
    "ReduceMin": _handler(partial(_extreme, torch.amin, _highest)),
    "ReduceProd": _handler(_product),
    "ReduceSum": _handler(_sum),
    "ReduceSumSquare": _handler(_square_sum),
}
