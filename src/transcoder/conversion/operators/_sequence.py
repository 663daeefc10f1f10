"""Sequences of tensors, as lists that are never changed in place.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler, handlers


def construct(*values: Tensor) -> list[Tensor]:
    """Put tensors in a row: https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html."""
    return list(values)


def empty(*, dtype: torch.dtype | None = None) -> list[Tensor]:
    """Begin a sequence: https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html."""
    del dtype
    return []


def pick(values: Sequence[Tensor], place: Tensor) -> Tensor:
    """Take one: https://onnx.ai/onnx/operators/onnx__SequenceAt.html."""
    return values[int(place)]


def insert(
    values: Sequence[Tensor], value: Tensor, place: Tensor | None = None
) -> list[Tensor]:
    """Put one in: https://onnx.ai/onnx/operators/onnx__SequenceInsert.html."""
    at = len(values) if place is None else int(place)
    return [*values[:at], value, *values[at:]]


def erase(values: Sequence[Tensor], place: Tensor | None = None) -> list[Tensor]:
    """Take one out: https://onnx.ai/onnx/operators/onnx__SequenceErase.html."""
    at = (-1 if place is None else int(place)) % len(values)
    return [*values[:at], *values[at + 1 :]]


def length(device: torch.device, values: Sequence[Tensor]) -> Tensor:
    """Count: https://onnx.ai/onnx/operators/onnx__SequenceLength.html."""
    return torch.tensor(len(values), device=device)


def join(values: Sequence[Tensor], *, axis: int, new_axis: int = 0) -> Tensor:
    """Make one tensor: https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html."""
    parts = list(values)
    return torch.stack(parts, axis) if new_axis else torch.cat(parts, axis)


def split(
    value: Tensor,
    lengths: int | tuple[int, ...] | None = None,
    *,
    axis: int = 0,
    keepdims: int = 1,
) -> list[Tensor]:
    """Cut to a sequence: https://onnx.ai/onnx/operators/onnx__SplitToSequence.html."""
    if lengths is None:
        parts = torch.split(value, 1, axis)
        return [each if keepdims else each.squeeze(axis) for each in parts]
    return list(
        torch.split(value, lengths if isinstance(lengths, int) else list(lengths), axis)
    )


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "ConcatFromSequence": join,
        "SequenceAt": pick,
        "SequenceConstruct": construct,
        "SequenceEmpty": empty,
        "SequenceErase": erase,
        "SequenceInsert": insert,
        "SequenceLength": length,
    }
) | {"SplitToSequence": Handler(split, host=(1,))}
