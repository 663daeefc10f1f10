"""Shape arithmetic in plain Python integers, away from tensors and devices."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import chain
from typing import TypeAlias

import torch
from torch import Tensor

from transcoder.conversion.operators import Ints, Kernel

Ranks: TypeAlias = Sequence[int | None]
Fixed: TypeAlias = Sequence[Ints | None]

HOST_DTYPES = frozenset({torch.bool, torch.int32, torch.int64})
"""The types that may live as Python integers."""

MOST_ELEMENTS = 64
"""Longer constants stay tensors."""


@dataclass(frozen=True, slots=True)
class HostRule:
    """How an operator acts on Python integers.

    Attributes:
        run: The kernel; scalars are ints, vectors are tuples.
        rank: From ranks, attributes and constant inputs to the rank of the result, 0 or 1;
            None where the result is neither, so that tensors must do it.
        gives_bool: Whether the result is a truth value whatever the inputs are.
    """

    run: Kernel
    rank: Callable[[Ranks, Mapping[str, object], Fixed], int | None]
    gives_bool: bool = False


def host_rank(tensor: Tensor) -> int | None:
    """Rank of a constant that may live as Python integers, else None."""
    small = tensor.dim() <= 1 and tensor.numel() <= MOST_ELEMENTS
    return tensor.dim() if small and tensor.dtype in HOST_DTYPES else None


def read_numbers(value: Tensor) -> object:
    """Bring a tensor of rank 0 or 1 to Python."""
    numbers: object = value.tolist()
    return tuple(numbers) if isinstance(numbers, list) else numbers


def write_numbers(device: torch.device, value: Ints, *, dtype: torch.dtype) -> Tensor:
    """Bring Python integers to the device of the network."""
    return torch.tensor(value, dtype=dtype, device=device)


def shape_of(value: Tensor, *, start: int = 0, end: int | None = None) -> Ints:
    """Read the axes: https://onnx.ai/onnx/operators/onnx__Shape.html."""
    return tuple(value.shape)[start:end]


def size_of(value: Tensor) -> Ints:
    """Count the elements: https://onnx.ai/onnx/operators/onnx__Size.html."""
    return reduce(operator.mul, value.shape, 1)


def _each(function: Callable[..., int], *values: Ints) -> Ints:
    lengths = [len(value) for value in values if isinstance(value, tuple)]
    if not lengths:
        return function(*values)
    longest = 0 if 0 in lengths else max(lengths)
    columns = (_stretch(value, longest) for value in values)
    return tuple(function(*row) for row in zip(*columns, strict=True))


def _stretch(value: Ints, length: int) -> tuple[int, ...]:
    numbers = value if isinstance(value, tuple) else (value,)
    return numbers * length if len(numbers) == 1 else numbers


def _truncated(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _modulo(left: Ints, right: Ints, *, fmod: int = 0) -> Ints:
    if fmod:
        return _each(lambda a, b: a - b * _truncated(a, b), left, right)
    return _each(operator.mod, left, right)


def _choose(condition: int, left: int, right: int) -> int:
    return left if condition else right


def _not(value: int) -> int:
    return not value


def _concat(*values: tuple[int, ...], axis: int) -> Ints:
    del axis
    return tuple(chain.from_iterable(values))


def _gather(value: tuple[int, ...], index: Ints, *, axis: int = 0) -> Ints:
    del axis
    if isinstance(index, tuple):
        return tuple(value[each] for each in index)
    return value[index]


def _slice(value: tuple[int, ...], starts: Ints, ends: Ints, *rest: Ints | None) -> Ints:
    step = _first(rest[1]) if len(rest) > 1 and rest[1] is not None else 1
    start, end = _first(starts), _first(ends)
    if step < 0 and end < -len(value):
        return value[start::step]
    return value[start:end:step]


def _first(value: Ints) -> int:
    return value[0] if isinstance(value, tuple) else value


def _as_vector(value: Ints, *_: object) -> Ints:
    return value if isinstance(value, tuple) else (value,)


def _as_scalar(value: Ints, *_: object) -> Ints:
    if isinstance(value, tuple) and len(value) != 1:
        message = f"one number was wanted, {len(value)} came"
        raise ValueError(message)
    return _first(value)


def _reshape(value: Ints, shape: tuple[int, ...], *, allowzero: int = 0) -> Ints:
    del allowzero
    return _as_vector(value) if shape else _as_scalar(value)


def _cast(value: Ints, *, to: torch.dtype, saturate: int = 1, **_: object) -> Ints:
    del saturate
    return _each(bool, value) if to is torch.bool else _each(int, value)


def _reduce(
    function: Callable[[Sequence[int]], int], value: tuple[int, ...], *_: object,
    keepdims: int = 1, noop_with_empty_axes: int = 0,
) -> Ints:  # fmt: skip
    del noop_with_empty_axes
    result = function(value)
    return (result,) if keepdims else result


def _product(values: Sequence[int]) -> int:
    return reduce(operator.mul, values, 1)


def _range(start: int, limit: int, delta: int) -> Ints:
    return tuple(range(start, limit, delta))


def _highest(ranks: Ranks, _attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    known = [rank for rank in ranks if rank is not None]
    return max(known) if len(known) == len(ranks) else None


def _vector(ranks: Ranks, _attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    return 1 if all(rank == 1 for rank in ranks) else None


def _like_index(ranks: Ranks, _attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    return ranks[1] if ranks[0] == 1 else None


def _sliced(ranks: Ranks, _attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    return 1 if ranks[0] == 1 else None


def _unsqueezed(ranks: Ranks, _attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    return 1 if ranks[0] == 0 else None


def _squeezed(ranks: Ranks, _attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    return 0 if ranks[0] == 1 else None


def _reshaped(_ranks: Ranks, _attributes: Mapping[str, object], fixed: Fixed) -> int | None:
    shape = fixed[1]
    if shape == ():
        return 0
    return 1 if shape in {(1,), (-1,)} else None


def _casted(ranks: Ranks, attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    return ranks[0] if attributes["to"] in HOST_DTYPES else None


def _reduced(ranks: Ranks, attributes: Mapping[str, object], fixed: Fixed) -> int | None:
    everything = len(fixed) < 2 or fixed[1] in {(0,), (-1,)}  # noqa: PLR2004  # data and axes
    if ranks[0] != 1 or not everything or attributes.get("noop_with_empty_axes"):
        return None
    return 1 if attributes.get("keepdims", 1) else 0


def _counted(ranks: Ranks, _attributes: Mapping[str, object], _fixed: Fixed) -> int | None:
    return 1 if all(rank == 0 for rank in ranks) else None


SHAPE_RULES: Mapping[str, HostRule] = {
    "Shape": HostRule(shape_of, lambda *_: 1),
    "Size": HostRule(size_of, lambda *_: 0),
}
"""Operators that read the shape of a tensor."""

HOST_RULES: Mapping[str, HostRule] = {
    "Add": HostRule(partial(_each, operator.add), _highest),
    "And": HostRule(partial(_each, operator.and_), _highest, gives_bool=True),
    "Cast": HostRule(_cast, _casted),
    "Concat": HostRule(_concat, _vector),
    "Div": HostRule(partial(_each, _truncated), _highest),
    "Equal": HostRule(partial(_each, operator.eq), _highest, gives_bool=True),
    "Gather": HostRule(_gather, _like_index),
    "Greater": HostRule(partial(_each, operator.gt), _highest, gives_bool=True),
    "GreaterOrEqual": HostRule(partial(_each, operator.ge), _highest, gives_bool=True),
    "Less": HostRule(partial(_each, operator.lt), _highest, gives_bool=True),
    "LessOrEqual": HostRule(partial(_each, operator.le), _highest, gives_bool=True),
    "Max": HostRule(partial(_each, max), _highest),
    "Min": HostRule(partial(_each, min), _highest),
    "Mod": HostRule(_modulo, _highest),
    "Mul": HostRule(partial(_each, operator.mul), _highest),
    "Neg": HostRule(partial(_each, operator.neg), _highest),
    "Not": HostRule(partial(_each, _not), _highest, gives_bool=True),
    "Or": HostRule(partial(_each, operator.or_), _highest, gives_bool=True),
    "Range": HostRule(_range, _counted),
    "ReduceMax": HostRule(partial(_reduce, max), _reduced),
    "ReduceMin": HostRule(partial(_reduce, min), _reduced),
    "ReduceProd": HostRule(partial(_reduce, _product), _reduced),
    "ReduceSum": HostRule(partial(_reduce, sum), _reduced),
    "Reshape": HostRule(_reshape, _reshaped),
    "Slice": HostRule(_slice, _sliced),
    "Squeeze": HostRule(_as_scalar, _squeezed),
    "Sub": HostRule(partial(_each, operator.sub), _highest),
    "Unsqueeze": HostRule(_as_vector, _unsqueezed),
    "Where": HostRule(partial(_each, _choose), _highest),
}
"""Operators that act on numbers which Python already knows."""
