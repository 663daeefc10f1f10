"""ONNX attributes and tensors as Python values and torch tensors."""

from collections.abc import Mapping
from typing import TypeAlias

import ml_dtypes
import numpy as np
import onnx
import torch
from onnx import AttributeProto, TensorProto, numpy_helper

from transcoder.conversion.operators import Handler, parameters_of
from transcoder.errors import UnsupportedOperatorError

DTYPES: Mapping[int, torch.dtype] = {
    TensorProto.BOOL: torch.bool,
    TensorProto.BFLOAT16: torch.bfloat16,
    TensorProto.COMPLEX64: torch.complex64,
    TensorProto.COMPLEX128: torch.complex128,
    TensorProto.DOUBLE: torch.float64,
    TensorProto.FLOAT: torch.float32,
    TensorProto.FLOAT16: torch.float16,
    TensorProto.INT8: torch.int8,
    TensorProto.INT16: torch.int16,
    TensorProto.INT32: torch.int32,
    TensorProto.INT64: torch.int64,
    TensorProto.UINT8: torch.uint8,
    TensorProto.UINT16: torch.uint16,
    TensorProto.UINT32: torch.uint32,
    TensorProto.UINT64: torch.uint64,
}
"""From the numbers of ONNX to the types of torch."""

NUMBERS: Mapping[torch.dtype, int] = {dtype: number for number, dtype in DTYPES.items()}
"""From the types of torch to the numbers of ONNX."""

AttributeValue: TypeAlias = (
    int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]
    | torch.Tensor | torch.dtype | onnx.GraphProto | None
)  # fmt: skip

_DTYPE_NAMES = frozenset({"to", "dtype", "output_dtype", "stash_type", "softmax_precision"})
_UNDEFINED = TensorProto.UNDEFINED
_PLAIN = frozenset({AttributeProto.INT, AttributeProto.FLOAT, AttributeProto.GRAPH})


def tensor_of(proto: TensorProto) -> torch.Tensor | None:
    """Copy a constant of the file; None where torch has no such type."""
    dtype = DTYPES.get(proto.data_type)
    if dtype is None:
        return None
    array = numpy_helper.to_array(proto)
    if dtype is torch.bfloat16:
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(np.array(array, order="C"))


def proto_of(name: str, tensor: torch.Tensor) -> TensorProto:
    """Write a tensor as a constant of a file, the inverse of `tensor_of`."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype is torch.bfloat16:
        array = plain.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    else:
        array = plain.numpy()
    return numpy_helper.from_array(array, name)


def keyword_values(
    node: onnx.NodeProto, handler: Handler, opset: int
) -> dict[str, AttributeValue]:
    """Read the attributes of a node as keyword arguments of its kernel.

    Raises:
        UnsupportedOperatorError: If the kernel does not know an attribute, or misses one.
    """
    known = parameters_of(handler.run)
    values: dict[str, AttributeValue] = {}
    for attribute in node.attribute:
        if attribute.name not in known or attribute.ref_attr_name:
            reason = f"its attribute {attribute.name!r} has no meaning here"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
        values[attribute.name] = _value_of(attribute, node, opset)
    for name, parameter in known.items():
        if isinstance(parameter.default, torch.dtype):
            values.setdefault(name, parameter.default)
    if "outputs" in known:
        values["outputs"] = len(node.output)
    for name, parameter in known.items():
        needed = (
            parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        )
        if needed and name not in values:
            reason = f"its attribute {name!r} is missing"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
    return values


def _value_of(attribute: AttributeProto, node: onnx.NodeProto, opset: int) -> AttributeValue:
    value = onnx.helper.get_attribute_value(attribute)
    if attribute.name in _DTYPE_NAMES and attribute.type == AttributeProto.INT:
        return _dtype_of(value, node, opset)
    match attribute.type:
        case AttributeProto.STRING:
            return str(value.decode())
        case AttributeProto.INTS | AttributeProto.FLOATS:
            return tuple(value)
        case AttributeProto.STRINGS:
            return tuple(each.decode() for each in value)
        case AttributeProto.TENSOR if value.data_type in DTYPES:
            return tensor_of(value)
        case kind if kind in _PLAIN:
            return value  # type: ignore[no-any-return]  # onnx is untyped
        case kind:
            name = AttributeProto.AttributeType.Name(kind)
            reason = f"its attribute {attribute.name!r} of kind {name} has no torch value"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)


def _dtype_of(number: int, node: onnx.NodeProto, opset: int) -> torch.dtype | None:
    if number == _UNDEFINED:
        return None
    if number not in DTYPES:
        reason = f"torch has no type {TensorProto.DataType.Name(number)}"
        raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
    return DTYPES[number]
