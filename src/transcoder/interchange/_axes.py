"""Axes as ONNX files write them, and those that say nothing."""

import re
from collections.abc import Iterable
from typing import TypeAlias

import onnx

from transcoder.interchange._fit import UNKNOWN_AXIS

RawAxis: TypeAlias = str | int | None
"""A number, a name, or None where the file says nothing."""

_NAMELESS = re.compile(r"\s*|None|-?\d+|\?|unk__\d+")
"""Axis names that say nothing: absent ones, and those that shape inference invents."""
_INVENTED = re.compile(r"unk__\d+")


def axis_of(dim: onnx.TensorShapeProto.Dimension) -> str | int:
    """Read one axis; what says nothing is `UNKNOWN_AXIS`."""
    axis = raw_axis(dim)
    return UNKNOWN_AXIS if axis is None or is_nameless(axis) else axis


def raw_axis(dim: onnx.TensorShapeProto.Dimension) -> RawAxis:
    """Read one axis; names that shape inference invents are kept."""
    if dim.HasField("dim_value"):
        return int(dim.dim_value) if dim.dim_value > 0 else None
    return str(dim.dim_param) or None


def is_nameless(axis: RawAxis) -> bool:
    """Say whether an axis says nothing."""
    return axis is None or (isinstance(axis, str) and _NAMELESS.fullmatch(axis) is not None)


def are_equal(first: RawAxis, second: RawAxis) -> bool:
    """Say whether two axes of one graph always have the same length.

    A name stands for one length all over a graph; so does one that shape inference invents.
    """
    if first is None or first != second:
        return False
    return not is_nameless(first) or _INVENTED.fullmatch(str(first)) is not None


def clear_nameless_axes(values: Iterable[onnx.ValueInfoProto]) -> None:
    """Empty, in place, the axes that a file calls -1, 0 or None.

    Ensures: shape inference takes none of them for a length or for one common name.
    """
    for value in values:
        if value.type.WhichOneof("value") != "tensor_type":
            continue
        for dim in value.type.tensor_type.shape.dim:
            if is_nameless(raw_axis(dim)):
                dim.Clear()
