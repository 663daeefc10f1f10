"""What an ONNX file takes and gives, read from the file itself."""

import math
from collections.abc import Iterator

import onnx
from onnx import helper

from transcoder.errors import InvalidModelError
from transcoder.interchange._axes import axis_of
from transcoder.interchange._inference import with_inferred_shapes
from transcoder.interchange._nested import graphs_in
from transcoder.interchange._parsing import check, opset_of, parse
from transcoder.vocabulary import DTYPES, Signature, TensorSpec


def signature_of(onnx_bytes: bytes, name: str) -> Signature:
    """Do the work of `read_signature`."""
    model = parse(onnx_bytes, name)
    opset = opset_of(model, name)
    graph = model.graph
    shaped = with_inferred_shapes(model).graph
    given = {each.name for each in graph.initializer}
    given |= {each.values.name for each in graph.sparse_initializer}
    inputs = [each for each in shaped.input if each.name not in given]
    signature = Signature(
        inputs=tuple(_tensor(each, name, side="input") for each in inputs),
        outputs=tuple(_tensor(each, name, side="output") for each in shaped.output),
        opset=opset,
        parameters=sum(math.prod(each.dims) for each in _initializers(graph)),
        size_bytes=len(onnx_bytes),
    )
    for output, whole in zip(graph.output, shaped.output, strict=True):
        output.CopyFrom(whole)
    check(model, name)
    return signature


def _tensor(value: onnx.ValueInfoProto, name: str, *, side: str) -> TensorSpec:
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        reason = f"its {side} {value.name!r} is no tensor but {kind or 'of no type'}"
        raise InvalidModelError(name, reason, "export it with tensors at both ends")
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        reason = f"its {side} {value.name!r} does not say how many axes it has"
        raise InvalidModelError(name, reason, "export it with the shapes of its ends")
    axes = tuple(axis_of(each) for each in tensor.shape.dim)
    return TensorSpec(value.name, _dtype(tensor.elem_type, value.name, name), axes)


def _dtype(element: int, tensor: str, name: str) -> str:
    known = element in helper.get_all_tensor_dtypes()
    dtype = onnx.TensorProto.DataType.Name(element).lower() if known else f"number {element}"
    dtype = {"float": "float32", "double": "float64"}.get(dtype, dtype)
    if dtype not in DTYPES:
        reason = f"{tensor!r} is of the type {dtype}, which no spec can carry"
        raise InvalidModelError(name, reason, "export it with another type at that end")
    return dtype


def _initializers(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    yield from (each.values for each in graph.sparse_initializer)
    for node in graph.node:
        for inner in graphs_in(node):
            yield from _initializers(inner)
