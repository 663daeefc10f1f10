"""What is known of the values of a graph while it is converted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx
import torch
from torch import Tensor

from transcoder.conversion._host import MOST_ELEMENTS, read_numbers
from transcoder.conversion._plan import Plan
from transcoder.conversion.operators import Handler, Ints

CONSTANT = "transcoder: not a weight"
"""The doc string of an initializer that is never trained."""


@dataclass(slots=True)
class Known:
    """What is known of a value while converting.

    Attributes:
        name: In the graph.
        tensor: Its slot as a tensor, once it has one.
        host: Its slot as Python numbers, once it has one.
        constant: Its value, where nothing can change it.
        rank: 0 or 1 where it may live as Python integers.
        dtype: Of a value that may live as Python integers.
        is_weight: Whether it is, or comes from, a weight that may be trained.
        outer: The same value in the graph around, where it is captured.
    """

    name: str
    tensor: int | None = None
    host: int | None = None
    constant: Tensor | None = None
    rank: int | None = None
    dtype: torch.dtype = torch.int64
    is_weight: bool = False
    outer: "Known | None" = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor that the plan needs from the beginning.

    Attributes:
        slot: Where the plan wants it.
        value: The tensor.
        is_weight: Whether it may be trained.
    """

    slot: int
    value: Tensor
    is_weight: bool


@dataclass(frozen=True, slots=True)
class Built:
    """A plan with what it starts from.

    Attributes:
        plan: The steps.
        constants: Tensors by name.
        nodes: What was not folded, over the names of `constants`.
        small: Constants that live only as Python values, as tensors by name.
    """

    plan: Plan
    constants: Mapping[str, Constant]
    nodes: Sequence[onnx.NodeProto]
    small: Mapping[str, Tensor]


def numeric_handler(handler: Handler, inputs: Sequence[Known | None]) -> Handler | None:
    """Find what runs instead where Python knows the inputs that it wants to read."""
    other = handler.numeric
    if other is None:
        return None
    read = [inputs[at] for at in other.host if at < len(inputs)]
    known = all(each is None or _is_read(each, floats=other.floats) for each in read)
    return other if known else None


def _is_read(known: Known, *, floats: bool) -> bool:
    """Whether Python knows a value that a kernel would rather have as numbers."""
    constant = known.constant
    if floats and constant is not None and constant.is_floating_point():
        return constant.numel() <= MOST_ELEMENTS
    return is_host(known) and known.dtype is torch.int64


def is_host(known: Known) -> bool:
    """Whether a value lives, or may live, as Python integers."""
    return known.rank is not None and (known.host is not None or known.constant is not None)


def numbers_of(known: Known | None) -> Ints | None:
    """Read a constant that may live as Python integers; None for all else."""
    if known is None or known.constant is None or known.rank is None:
        return None
    return read_numbers(known.constant)  # type: ignore[return-value]  # integers, by their rank
