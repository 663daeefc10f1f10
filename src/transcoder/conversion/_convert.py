"""From the bytes of an ONNX file to a torch module."""

from collections.abc import Iterator

import onnx
from onnx import checker, inliner, shape_inference, version_converter

from transcoder.conversion._attributes import DTYPES, keyword_values, type_name
from transcoder.conversion._builder import Builder
from transcoder.conversion._hoist import hoisted
from transcoder.conversion._legacy import renamed
from transcoder.conversion._lowering import lowered
from transcoder.conversion._module import OnnxModule
from transcoder.conversion._straight_through import straightened
from transcoder.conversion.operators import HANDLERS
from transcoder.errors import InvalidModelError, UnsupportedOperatorError
from transcoder.interchange import vetted

_MEANT = 23
"""Older graphs are brought up to this opset."""

_NEWEST = 28
"""The newest opset whose operators were compared with the handlers."""

_DOMAINS = frozenset({"", "ai.onnx"})

_OWN = "transcoder"
"""The domain of operators that only lowering writes."""


_NOT_UPGRADED = (
    RuntimeError,
    ValueError,
    shape_inference.InferenceError,
    version_converter.ConvertError,
)


def to_torch(
    model: bytes | onnx.ModelProto, *, trainable: bool = False, straight_through: bool = False
) -> OnnxModule:
    """Convert an ONNX network to a torch module that computes the same and gives gradients.

    Args:
        model: The file's bytes, or the model read from them, with its weights inside.
        trainable: Whether the weights get gradients too; they are frozen otherwise.
        straight_through: Whether gradients pass where a quantized network rounds, as if it did
            not, but for where it saturates; they stop there otherwise.

    Returns:
        A module that takes and gives tensors in the graph's order; text as numpy arrays of
        strings, INT4 and INT2 as int8, UINT4 and UINT2 as uint8, FLOAT4E2M1 as float8_e4m3fn.

    Raises:
        InvalidModelError: If this is no ONNX model, not a whole one, or a harmful one.
        UnsupportedOperatorError: If an operator has no torch meaning here.
    """
    proto = read_model(model)
    proto = _expanded(_upgraded(inlined(proto)))
    opset = _opset(proto)
    _check_outputs(proto.graph)
    proto = lowered(proto, opset)
    proto = hoisted(straightened(proto) if straight_through else proto)
    _check(proto.graph, opset)
    return _built(proto, opset, trainable=trainable)


def _built(model: onnx.ModelProto, opset: int, *, trainable: bool) -> OnnxModule:
    try:
        built = Builder(model.graph, opset, trainable=trainable).build()
        return OnnxModule(model, built, trainable=trainable)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = f"a node has not the inputs and attributes that its operator takes: {error}"
        raise InvalidModelError(model.graph.name, reason) from error


def supported_operators() -> tuple[str, ...]:
    """Name the operators that are converted without help of a function body."""
    return tuple(sorted(name for name, each in HANDLERS.items() if each.domain != _OWN))


def read_model(model: bytes | onnx.ModelProto) -> onnx.ModelProto:
    """Read a file, or take the model read from it, and refuse what is not whole.

    Raises:
        InvalidModelError: If this is no ONNX model, or not a whole one.
    """
    proto = vetted(model)
    if not proto.graph.output:
        raise InvalidModelError(proto.graph.name, "its graph gives nothing")
    if not 0 < _opset(proto) <= _NEWEST:
        reason = f"its opset is {_opset(proto)}, this version reads 1 to {_NEWEST}"
        raise InvalidModelError(proto.graph.name, reason)
    return proto


def _opset(model: onnx.ModelProto) -> int:
    versions = [each.version for each in model.opset_import if each.domain in _DOMAINS]
    if versions:
        return int(versions[0])
    needed = any(node.domain in _DOMAINS for node in _all_nodes(model.graph))
    return 0 if needed else _NEWEST


def _has_handler(node: onnx.NodeProto) -> bool:
    handler = HANDLERS.get(node.op_type)
    domain = "" if node.domain in _DOMAINS else node.domain
    return handler is not None and handler.domain == domain


def inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """Write the bodies of a model's own functions where they are called.

    Raises:
        InvalidModelError: If they do not fit their calls.
    """
    if not model.functions:
        return model
    try:
        return inliner.inline_local_functions(model)
    except (checker.ValidationError, RuntimeError, ValueError) as error:
        reason = f"its functions cannot be written out: {' '.join(str(error).split())}"
        raise InvalidModelError(model.graph.name, reason) from error


def _upgraded(model: onnx.ModelProto) -> onnx.ModelProto:
    opset = _opset(model)
    if opset >= _MEANT:
        return model
    model = renamed(model, opset, _MEANT)
    try:
        return version_converter.convert_version(model, _MEANT)
    except _NOT_UPGRADED as error:
        changed = _first_changed(model.graph, opset)
        if changed is None:
            return model
        reason = f"it changed since and cannot be brought up to opset {_MEANT}: {error}"
        raise UnsupportedOperatorError(changed.op_type, changed.name, opset, reason) from error


def _first_changed(graph: onnx.GraphProto, opset: int) -> onnx.NodeProto | None:
    for node in _all_nodes(graph):
        if node.domain not in _DOMAINS and not _has_handler(node):
            return node
        if node.domain in _DOMAINS and onnx.defs.has(node.op_type):
            schemas = (
                onnx.defs.get_schema(node.op_type, version, "") for version in (opset, _MEANT)
            )
            first, last = schemas
            if first.since_version != last.since_version:
                return node
    return None


def _expanded(model: onnx.ModelProto) -> onnx.ModelProto:
    missing = [node for node in _all_nodes(model.graph) if not _has_handler(node)]
    if not missing:
        return model
    names = sorted({(node.domain, node.op_type) for node in missing})
    try:
        typed = shape_inference.infer_shapes(model)
        return inliner.inline_selected_functions(typed, names, inline_schema_functions=True)
    except (RuntimeError, ValueError, shape_inference.InferenceError) as error:
        first, reason = missing[0], f"its function body cannot be expanded: {error}"
        raise UnsupportedOperatorError(
            first.op_type, first.name, _opset(model), reason
        ) from error


def _check_outputs(graph: onnx.GraphProto) -> None:
    for node in _all_nodes(graph):
        if not node.output:
            reason = f"its node {node.name!r}, a {node.op_type!r}, gives nothing"
            raise InvalidModelError(graph.name, reason)


def _check(graph: onnx.GraphProto, opset: int) -> None:
    for value in graph.input:
        number = _element_of(value.type)
        if number not in DTYPES and number != onnx.TensorProto.STRING:
            kind = type_name(number) if number else "no tensor"
            reason = f"its input {value.name!r} is {kind}, for which torch has no type"
            raise InvalidModelError(graph.name, reason, "cut the network after it")
    for node in _all_nodes(graph):
        has_handler = _has_handler(node)
        if not has_handler and node.domain not in _DOMAINS:
            reason = f"nothing is known of the operators of {node.domain!r}"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
        if not has_handler:
            reason = "it has neither a torch meaning here nor a function body"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
        keyword_values(node, HANDLERS[node.op_type], opset)


def _element_of(kind: onnx.TypeProto) -> int:
    while not kind.HasField("tensor_type"):
        if kind.HasField("sequence_type"):
            kind = kind.sequence_type.elem_type
        elif kind.HasField("optional_type"):
            kind = kind.optional_type.elem_type
        else:
            return 0
    return int(kind.tensor_type.elem_type)


def _all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _all_nodes(inner)
