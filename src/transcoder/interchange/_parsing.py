"""From bytes to a model that can be worked on, or one sentence that says why not."""

from collections.abc import Iterable, Iterator
from itertools import chain

import onnx
from google.protobuf.message import DecodeError, EncodeError  # type: ignore[import-untyped] # ships no types
from onnx import checker

from transcoder.errors import InvalidModelError
from transcoder.interchange._axes import clear_nameless_axes
from transcoder.interchange._bounds import refuse_bombs, refuse_false_sizes
from transcoder.interchange._inference import with_inferred_shapes
from transcoder.interchange._nested import DEFAULT_DOMAINS, graphs_in, nodes_within


def load_checked(model: bytes | onnx.ModelProto, name: str) -> onnx.ModelProto:
    """Make a model that the passes of this package may rely on.

    Ensures: the caller's model is left as it is; the result is valid, of one operator set,
    carries its weights inside, has nodes in order, axes without names instead of -1, 0 and
    None, and a shape for each output where one can be inferred.

    Args:
        model: A model, or its bytes.
        name: What an error calls it.

    Raises:
        InvalidModelError: If it is no such model.
    """
    loaded = parse(model if isinstance(model, bytes) else _serialized(model, name), name)
    opset_of(loaded, name)
    graph = loaded.graph
    clear_nameless_axes((*graph.input, *graph.output, *graph.value_info))
    if any(not _has_shape(each) for each in graph.output):
        shaped = {each.name: each for each in with_inferred_shapes(loaded).graph.output}
        for output in graph.output:
            output.CopyFrom(shaped[output.name])
    check(loaded, name)
    return loaded


def parse(onnx_bytes: bytes, name: str) -> onnx.ModelProto:
    """Read bytes that may be anything; what no library should be shown is refused.

    Raises:
        InvalidModelError: If they hold no graph, lean on other files, contradict themselves
            about sizes, or would unfold without end.
    """
    model = decode(onnx_bytes, name)
    refuse_harmful(model, name)
    return model


def refuse_harmful(model: onnx.ModelProto, name: str) -> None:
    """Refuse a model that no library should be shown.

    Raises:
        InvalidModelError: If it names things in no text, leans on other files, contradicts
            itself about sizes, or would unfold without end.
    """
    _refuse_unreadable(model, name)
    tensors = list(tensors_of(model))
    _refuse_external(tensors, name)
    refuse_false_sizes(tensors, name)
    refuse_bombs(model, name)


def decode(onnx_bytes: bytes, name: str) -> onnx.ModelProto:
    """Read bytes as a protobuf with a graph.

    Raises:
        InvalidModelError: If they are none.
    """
    try:
        model = onnx.load_model_from_string(onnx_bytes)
    except DecodeError as error:
        reason = f"its {len(onnx_bytes)} bytes are damaged, cut short or no ONNX file"
        raise InvalidModelError(name, reason, "get the file again") from error
    if not model.HasField("graph"):
        reason = f"its {len(onnx_bytes)} bytes hold no graph"
        raise InvalidModelError(name, reason, "get the file again")
    return model


def opset_of(model: onnx.ModelProto, name: str) -> int:
    """Find the version of the standard operators that a model uses.

    Raises:
        InvalidModelError: If it does not say.
    """
    for each in model.opset_import:
        if each.domain in DEFAULT_DOMAINS:
            return int(each.version)
    reason = "it does not say which ONNX operator set it uses"
    raise InvalidModelError(name, reason, "export the model again with opset 17 or newer")


def check(model: onnx.ModelProto, name: str) -> None:
    """Let onnx check a model.

    Raises:
        InvalidModelError: If it finds a fault; its first line is the reason.
    """
    try:
        checker.check_model(model)
    except (checker.ValidationError, ValueError, RuntimeError, EncodeError) as error:
        lines = str(error).strip().splitlines() or ["it is not a valid ONNX graph"]
        raise InvalidModelError(name, lines[0].rstrip(". ")) from error
    if not model.graph.output:
        raise InvalidModelError(name, "its graph gives no output")


def tensors_of(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """List all tensors that a model carries, those of bodies and functions included."""
    yield from _tensors(model.graph)
    for function in model.functions:
        yield from _node_tensors(function.node)
        yield from _attribute_tensors(function.attribute_proto)
    for training in model.training_info:
        yield from (*_tensors(training.initialization), *_tensors(training.algorithm))


def _serialized(model: onnx.ModelProto, name: str) -> bytes:
    try:
        return bytes(model.SerializeToString())
    except (EncodeError, ValueError) as error:
        reason = "it cannot be serialized: it is larger than 2 GiB or its bodies nest too deep"
        raise InvalidModelError(name, reason) from error


def _has_shape(value: onnx.ValueInfoProto) -> bool:
    if value.type.WhichOneof("value") != "tensor_type":
        return True
    return bool(value.type.tensor_type.HasField("shape"))


def _refuse_unreadable(model: onnx.ModelProto, name: str) -> None:
    """Protobuf gives bytes where a name is not UTF-8."""
    bodies = (model.graph.node, *(each.node for each in model.functions))
    for node in chain.from_iterable(map(nodes_within, bodies)):
        names = (node.op_type, node.domain, node.name, *node.input, *node.output)
        if any(isinstance(each, bytes) for each in names):
            reason = f"a name at its {node.op_type!r} node is not UTF-8 text"
            raise InvalidModelError(name, reason, "get the file again")


def _refuse_external(tensors: Iterable[onnx.TensorProto], name: str) -> None:
    for tensor in tensors:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            reason = f"it keeps {tensor.name!r} in another file, not yet supported from bytes"
            raise InvalidModelError(name, reason, "save the model with its weights inside")


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _node_tensors(graph.node)


def _node_tensors(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for node in nodes:
        yield from _attribute_tensors(node.attribute)
        for graph in graphs_in(node):
            yield from _tensors(graph)


def _attribute_tensors(
    attributes: Iterable[onnx.AttributeProto],
) -> Iterator[onnx.TensorProto]:
    for attribute in attributes:
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("sparse_tensor"):
            yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
        for sparse in attribute.sparse_tensors:
            yield from (sparse.values, sparse.indices)
