"""Writes into nodes what only what surrounds them says, where torch cannot see it.

Torch has no strings, only names numbers of four bits, and does not compute on most unsigned
integers. After this pass each node says by its operator and attributes what is meant.
"""

from collections.abc import Iterator, Mapping

import onnx
from onnx import TensorProto, helper, shape_inference

from transcoder.conversion._attributes import DTYPES
from transcoder.conversion.operators import (
    HELD,
    NARROW,
    UNSIGNED_OPERATORS,
    UNSIGNED_PREFIX,
)
from transcoder.errors import InvalidModelError, UnsupportedOperatorError

_NARROW = frozenset(number for number, dtype in DTYPES.items() if dtype in NARROW)
_NAMED = frozenset(number for number, dtype in DTYPES.items() if dtype in HELD)
_BITLESS = _NAMED | {0}
_UNSIGNED = frozenset({TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64})
_SPECIAL = _NARROW | _UNSIGNED | {TensorProto.STRING}
_OWN = "transcoder"
_TYPE_ATTRIBUTES = frozenset({"dtype", "output_dtype", "to"})
_READS_TEXT = frozenset(
    {
        "CategoryMapper",
        "Identity",
        "If",
        "LabelEncoder",
        "OneHotEncoder",
        "Loop",
        "Optional",
        "OptionalGetElement",
        "OptionalHasElement",
        "RegexFullMatch",
        "Reshape",
        "SequenceAt",
        "SequenceConstruct",
        "SequenceEmpty",
        "SequenceErase",
        "SequenceInsert",
        "SequenceLength",
        "Shape",
        "Size",
        "StringConcat",
        "StringNormalizer",
        "StringSplit",
        "TfIdfVectorizer",
    }
)


def lowered(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """Rewrite the nodes that types like text, INT4 or UINT64 reach; others stay as they are.

    Raises:
        UnsupportedOperatorError: If a node takes what it has no torch meaning for.
    """
    has_gradient = any(node.op_type == "Gradient" for node in model.graph.node)
    if has_gradient or any(_dropped(graph) for graph in _graphs(model.graph)):
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        _differentiate(copy.graph, opset)
        for graph in _graphs(copy.graph):
            for node in _dropped(graph):
                node.op_type, node.domain = "GuardedSoftmax", _OWN
        model = copy
    if not any(_is_special(graph) for graph in _graphs(model.graph)):
        return model
    try:
        typed = shape_inference.infer_shapes(model)
    except (RuntimeError, ValueError, shape_inference.InferenceError) as error:
        reason = f"its types cannot be inferred: {error}"
        raise InvalidModelError(model.graph.name, reason) from error
    _lower(typed.graph, {}, opset)
    return typed


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _graphs(inner)


def _element_of(kind: onnx.TypeProto) -> int:
    match kind.WhichOneof("value"):
        case "tensor_type":
            return int(kind.tensor_type.elem_type)
        case "sequence_type":
            return _element_of(kind.sequence_type.elem_type)
        case "optional_type":
            return _element_of(kind.optional_type.elem_type)
        case _:
            return 0


def _types(graph: onnx.GraphProto) -> dict[str, int]:
    values = (*graph.input, *graph.output, *graph.value_info)
    found = {value.name: _element_of(value.type) for value in values}
    return found | {tensor.name: tensor.data_type for tensor in graph.initializer}


def _is_special(graph: onnx.GraphProto) -> bool:
    numbers = set(_types(graph).values())
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in _TYPE_ATTRIBUTES:
                numbers.add(attribute.i)
            elif attribute.name in {"value_string", "value_strings"}:
                numbers.add(TensorProto.STRING)
            elif attribute.name == "value":
                numbers.add(attribute.t.data_type)
    return not _SPECIAL.isdisjoint(numbers)


def _lower(graph: onnx.GraphProto, around: Mapping[str, int], opset: int) -> None:
    types = {**around, **_types(graph)}
    text = [each for each in graph.initializer if each.data_type == TensorProto.STRING]
    for tensor in text:
        graph.initializer.remove(tensor)
    nodes = [_text_constant(tensor, tensor.name) for tensor in text]
    for node in graph.node:
        nodes.append(_lowered_node(node, types, opset))
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _lower(inner, types, opset)
    del graph.node[:]
    graph.node.extend(nodes)


def _text_constant(tensor: TensorProto, name: str) -> onnx.NodeProto:
    node = helper.make_node("TextConstant", [], [name], domain=_OWN)
    words, lengths = onnx.AttributeProto.STRINGS, onnx.AttributeProto.INTS
    node.attribute.extend(
        [
            helper.make_attribute("value_strings", list(tensor.string_data), attr_type=words),
            helper.make_attribute("shape", list(tensor.dims), attr_type=lengths),
        ]
    )
    return node


def _lowered_node(node: onnx.NodeProto, types: Mapping[str, int], opset: int) -> onnx.NodeProto:
    given = [types.get(name, 0) if name else None for name in node.input]
    if node.op_type == "Constant":
        return _lowered_constant(node)
    if TensorProto.STRING in given:
        return _lowered_text(node, opset)
    match node.op_type:
        case "CastLike":
            return _lowered_cast_like(node, given[-1], opset)
        case "QuantizeLinear" if len(given) > 2 and given[2] is not None:  # noqa: PLR2004  # its zero
            return _lowered_quantize(node, given[2], opset)
        case "BitCast" if {*given, *(each.i for each in node.attribute)} & _BITLESS:
            reason = "the bits of so few do not stand alone in torch"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
        case name if name in UNSIGNED_OPERATORS and not _UNSIGNED.isdisjoint(given):
            node.op_type, node.domain = UNSIGNED_PREFIX + name, _OWN
        case _:
            pass
    return node


def _lowered_quantize(node: onnx.NodeProto, zero: int, opset: int) -> onnx.NodeProto:
    if not zero:
        raise _unknown(node, opset)
    if zero in _NARROW:
        kept = [each for each in node.attribute if each.name != "output_dtype"]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute("output_dtype", zero)])
    return node


def _unknown(node: onnx.NodeProto, opset: int) -> UnsupportedOperatorError:
    reason = "the types of its inputs, which it goes by, cannot be told"
    return UnsupportedOperatorError(node.op_type, node.name, opset, reason)


def _lowered_constant(node: onnx.NodeProto) -> onnx.NodeProto:
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if "value" in attributes and attributes["value"].t.data_type == TensorProto.STRING:
        return _text_constant(attributes["value"].t, node.output[0])
    if attributes.keys() & {"value_string", "value_strings"}:
        node.op_type, node.domain = "TextConstant", _OWN
    return node


def _lowered_text(node: onnx.NodeProto, opset: int) -> onnx.NodeProto:
    if node.op_type == "Equal":
        node.op_type, node.domain = "TextEqual", _OWN
    elif node.op_type not in _READS_TEXT:
        reason = "it has no meaning here for text"
        raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
    return node


def _lowered_cast_like(node: onnx.NodeProto, like: int | None, opset: int) -> onnx.NodeProto:
    if not like:
        raise _unknown(node, opset)
    if like in _NARROW:
        node.op_type = "Cast"
        del node.input[1:]
        node.attribute.append(helper.make_attribute("to", like))
    return node


def _dropped(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Find each Softmax of which a Where throws rows away: those must not break gradients."""
    chosen = {name for node in graph.node if node.op_type == "Where" for name in node.input[1:]}
    found = []
    for node in reversed(graph.node):
        if node.op_type in {"Cast", "CastLike", "Identity"} and node.output[0] in chosen:
            chosen.add(node.input[0])
        if node.op_type == "Softmax" and node.output[0] in chosen:
            found.append(node)
    return found


def _differentiate(graph: onnx.GraphProto, opset: int) -> None:
    """Give each Gradient the part of the graph that it differentiates."""
    for at, node in enumerate(graph.node):
        given = {each.name: each for each in node.attribute}
        if node.op_type != "Gradient" or "body" in given:
            continue
        if not {"xs", "y"} <= given.keys():
            reason = "it does not say what is differentiated"
            raise UnsupportedOperatorError(node.op_type, node.name, opset, reason)
        zs = given["zs"].strings if "zs" in given else ()
        names = [each.decode() for each in (*given["xs"].strings, *zs)]
        wanted = given["y"].s.decode()
        body = helper.make_graph(
            _between(graph.node[:at], set(names), wanted), "gradient",
            [helper.make_value_info(name, onnx.TypeProto()) for name in names],
            [helper.make_value_info(wanted, onnx.TypeProto())],
        )  # fmt: skip
        xs = onnx.AttributeProto()
        xs.CopyFrom(given["xs"])
        del node.attribute[:]
        node.attribute.extend([xs, helper.make_attribute("body", body)])


def _between(nodes: list[onnx.NodeProto], given: set[str], wanted: str) -> list[onnx.NodeProto]:
    """Pick, in order, what leads from the given values to the wanted one."""
    reached = set(given)
    for node in nodes:
        if reached.intersection(node.input):
            reached.update(node.output)
    needed, chosen = {wanted}, []
    for node in reversed(nodes):
        if needed.intersection(node.output) and reached.intersection(node.output):
            chosen.append(node)
            needed.update(set(node.input) - given)
    return chosen[::-1]
