"""Reading ONNX protobufs; the only file here that loads `onnx`."""

import math
import re
from collections.abc import Iterable, Iterator

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # ships no types
from onnx import checker, helper, shape_inference

from transcoder.errors import InvalidModelError
from transcoder.interchange._fit import UNKNOWN_AXIS
from transcoder.vocabulary import DTYPES, Signature, TensorSpec

_NAMELESS = re.compile(r"\s*|None|-?\d+|\?|unk__\d+")
"""Axis names that say nothing: absent ones, and those that shape inference invents."""


def signature_of(onnx_bytes: bytes, name: str) -> Signature:
    """Do the work of `read_signature`."""
    model = _parse(onnx_bytes, name)
    opset = _opset(model, name)
    _refuse_external(model, name)
    whole = _with_inferred_shapes(model)
    graph = whole.graph
    given = {each.name for each in graph.initializer}
    given |= {each.values.name for each in graph.sparse_initializer}
    inputs = [each for each in graph.input if each.name not in given]
    signature = Signature(
        inputs=tuple(_tensor(each, name, side="input") for each in inputs),
        outputs=tuple(_tensor(each, name, side="output") for each in graph.output),
        opset=opset,
        parameters=sum(math.prod(each.dims) for each in _initializers(graph)),
        size_bytes=len(onnx_bytes),
    )
    _check(whole, name)
    return signature


def _parse(onnx_bytes: bytes, name: str) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(onnx_bytes)
    except DecodeError as error:
        reason = f"its {len(onnx_bytes)} bytes are damaged, cut short or no ONNX file"
        raise InvalidModelError(name, reason, "get the file again") from error
    if not model.HasField("graph"):
        reason = f"its {len(onnx_bytes)} bytes hold no graph"
        raise InvalidModelError(name, reason, "get the file again")
    return model


def _opset(model: onnx.ModelProto, name: str) -> int:
    for each in model.opset_import:
        if each.domain in {"", "ai.onnx"}:
            return int(each.version)
    reason = "it does not say which ONNX operator set it uses"
    raise InvalidModelError(name, reason, "export the model again with opset 17 or newer")


def _refuse_external(model: onnx.ModelProto, name: str) -> None:
    nodes = (node for function in model.functions for node in function.node)
    for tensor in (*_tensors(model.graph), *_node_tensors(nodes)):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            reason = f"it keeps {tensor.name!r} in another file, not yet supported from bytes"
            raise InvalidModelError(name, reason, "save the model with its weights inside")


def _check(model: onnx.ModelProto, name: str) -> None:
    try:
        checker.check_model(model)
    except (checker.ValidationError, ValueError) as error:
        lines = str(error).strip().splitlines() or ["it is not a valid ONNX graph"]
        raise InvalidModelError(name, lines[0].rstrip(". ")) from error
    if not model.graph.output:
        raise InvalidModelError(name, "its graph gives no output")


def _with_inferred_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model, with the axes of its outputs where they can be inferred."""
    try:
        return shape_inference.infer_shapes(model, data_prop=True)
    except (shape_inference.InferenceError, ValueError):
        return model


def _tensor(value: onnx.ValueInfoProto, name: str, *, side: str) -> TensorSpec:
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        reason = f"its {side} {value.name!r} is no tensor but {kind or 'of no type'}"
        raise InvalidModelError(name, reason, "export it with tensors at both ends")
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        reason = f"its {side} {value.name!r} does not say how many axes it has"
        raise InvalidModelError(name, reason, "export it with the shapes of its ends")
    axes = tuple(_axis(each) for each in tensor.shape.dim)
    return TensorSpec(value.name, _dtype(tensor.elem_type, value.name, name), axes)


def _dtype(element: int, tensor: str, name: str) -> str:
    known = element in helper.get_all_tensor_dtypes()
    dtype = onnx.TensorProto.DataType.Name(element).lower() if known else f"number {element}"
    dtype = {"float": "float32", "double": "float64"}.get(dtype, dtype)
    if dtype not in DTYPES:
        reason = f"{tensor!r} is of the type {dtype}, which no spec can carry"
        raise InvalidModelError(name, reason, "export it with another type at that end")
    return dtype


def _axis(dim: onnx.TensorShapeProto.Dimension) -> str | int:
    if dim.HasField("dim_value") and dim.dim_value > 0:
        return int(dim.dim_value)
    return UNKNOWN_AXIS if _NAMELESS.fullmatch(dim.dim_param) else str(dim.dim_param)


def _initializers(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    yield from (each.values for each in graph.sparse_initializer)
    for attribute in _attributes(graph.node):
        for inner in (attribute.g, *attribute.graphs):
            yield from _initializers(inner)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """All tensors that a graph carries, those of its subgraphs included."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _node_tensors(graph.node)


def _node_tensors(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for attribute in _attributes(nodes):
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for inner in (attribute.g, *attribute.graphs):
            yield from _tensors(inner)


def _attributes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.AttributeProto]:
    yield from (attribute for node in nodes for attribute in node.attribute)
