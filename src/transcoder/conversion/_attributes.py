"""ONNX attributes and tensors as Python values and torch tensors."""

from collections.abc import Mapping
from typing import TypeAlias

import ml_dtypes
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import AttributeProto, TensorProto, numpy_helper

from transcoder.conversion.operators import (
    FLOAT4,
    HELD,
    INT2,
    INT4,
    UINT2,
    UINT4,
    Handler,
    parameters_of,
)
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
    TensorProto.FLOAT8E4M3FN: torch.float8_e4m3fn,
    TensorProto.FLOAT8E4M3FNUZ: torch.float8_e4m3fnuz,
    TensorProto.FLOAT8E5M2: torch.float8_e5m2,
    TensorProto.FLOAT8E5M2FNUZ: torch.float8_e5m2fnuz,
    TensorProto.FLOAT8E8M0: torch.float8_e8m0fnu,
    TensorProto.FLOAT4E2M1: FLOAT4,
    TensorProto.INT4: INT4,
    TensorProto.UINT4: UINT4,
    TensorProto.INT2: INT2,
    TensorProto.UINT2: UINT2,
}
"""From the numbers of ONNX to the types of torch; the last five only name what is `HELD`."""

NUMBERS: Mapping[torch.dtype, int] = {dtype: number for number, dtype in DTYPES.items()}
"""From the types of torch to the numbers of ONNX."""

AttributeValue: TypeAlias = (
    int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]
    | torch.Tensor | torch.dtype | onnx.GraphProto | onnx.TypeProto | None
)  # fmt: skip

_DTYPE_NAMES = frozenset(
    {
        "dtype",
        "output_datatype",
        "output_dtype",
        "precision",
        "softmax_precision",
        "stash_type",
        "to",
    }
)
_BITS: Mapping[torch.dtype, tuple[torch.dtype, type[np.generic]]] = {
    torch.bfloat16: (torch.int16, ml_dtypes.bfloat16),
    torch.float8_e4m3fn: (torch.uint8, ml_dtypes.float8_e4m3fn),
    torch.float8_e4m3fnuz: (torch.uint8, ml_dtypes.float8_e4m3fnuz),
    torch.float8_e5m2: (torch.uint8, ml_dtypes.float8_e5m2),
    torch.float8_e5m2fnuz: (torch.uint8, ml_dtypes.float8_e5m2fnuz),
    torch.float8_e8m0fnu: (torch.uint8, ml_dtypes.float8_e8m0fnu),
}
"""Types that numpy does not know: as which integers torch gives their bits, and their names."""
_UNDEFINED = TensorProto.UNDEFINED
_PLAIN = frozenset(
    {
        AttributeProto.INT,
        AttributeProto.FLOAT,
        AttributeProto.GRAPH,
        AttributeProto.TYPE_PROTO,
    }
)


def tensor_of(proto: TensorProto) -> torch.Tensor | None:
    """Copy a constant of the file; None where torch has no such type."""
    dtype = DTYPES.get(proto.data_type)
    if dtype is None:
        return None
    return tensor_from(numpy_helper.to_array(proto), dtype)


def type_name(number: int) -> str:
    """Name a type of ONNX for people, by its number where it has no name."""
    known = number in TensorProto.DataType.values()
    return str(TensorProto.DataType.Name(number)) if known else str(number)


def tensor_from(array: NDArray[np.generic], dtype: torch.dtype) -> torch.Tensor:
    """Copy an array; what torch only names becomes what it is held as."""
    held = HELD.get(dtype, dtype)
    if held is not dtype:
        return torch.from_numpy(np.array(array, dtype=np.float32)).to(held)
    if dtype in _BITS:
        bits = np.array(array, order="C").view(f"i{dtype.itemsize}")
        return torch.from_numpy(bits).view(dtype)
    return torch.from_numpy(np.array(array, order="C"))


def proto_of(name: str, tensor: torch.Tensor) -> TensorProto:
    """Write a tensor as a constant of a file, the inverse of `tensor_of`."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype in _BITS:
        bits, kind = _BITS[plain.dtype]
        array = plain.view(bits).numpy().view(kind)
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
        case AttributeProto.TENSOR if value.data_type in {*DTYPES, TensorProto.STRING}:
            return _constant_of(value)
        case kind if kind in _PLAIN:
            return value  # type: ignore[no-any-return]  # onnx is untyped
        case kind:
            name = AttributeProto.AttributeType.Name(kind)
            reason = f"its attribute {attribute.name!r} of kind {name} has no torch value"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)


def _constant_of(tensor: TensorProto) -> torch.Tensor | tuple[str, ...] | None:
    if tensor.data_type == TensorProto.STRING:
        return tuple(each.decode() for each in tensor.string_data)
    return tensor_of(tensor)


def _dtype_of(number: int, node: onnx.NodeProto, opset: int) -> torch.dtype | None:
    if number == _UNDEFINED:
        return None
    if number not in DTYPES:
        reason = f"torch has no type {type_name(number)}"
        raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
    return DTYPES[number]
