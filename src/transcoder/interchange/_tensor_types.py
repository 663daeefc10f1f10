"""Dtypes and axes of all values of a graph, as far as the file and its operators say them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import onnx
from onnx import TensorProto, defs

from transcoder.interchange._axes import RawAxis, is_nameless, raw_axis
from transcoder.interchange._cut_nouns import UNKNOWN_DTYPE
from transcoder.interchange._fit import UNKNOWN_AXIS
from transcoder.interchange._inference import with_inferred_shapes
from transcoder.interchange._nested import DEFAULT_DOMAINS, graphs_in

_ROUNDS = 3
_DTYPES = {"float": "float32", "double": "float64"}
_LIKE_FIRST_INPUT = frozenset(
    {"BiasGelu", "BiasSplitGelu", "FastGelu", "FusedConv", "FusedGemm", "FusedMatMul", "Gelu"}
    | {"Attention", "GroupQueryAttention", "MultiHeadAttention", "NhwcConv", "QuickGelu"}
    | {"RotaryEmbedding", "SimplifiedLayerNormalization", "SkipLayerNormalization"}
    | {"SkipSimplifiedLayerNormalization"}
)
"""Operators of ONNX Runtime whose first output has the dtype of their first input:
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md"""
_SAME_SHAPE = frozenset(
    {"BiasGelu", "FastGelu", "Gelu", "QuickGelu", "RotaryEmbedding"}
    | {"SimplifiedLayerNormalization", "SkipLayerNormalization"}
    | {"SkipSimplifiedLayerNormalization"}
)


@dataclass(frozen=True, slots=True)
class TensorType:
    """What is known of one tensor.

    Attributes:
        element: The number ONNX gives its dtype; 0 where it is not known.
        axes: Numbers, names, or None each; None where the rank is not known.
    """

    element: int = 0
    axes: tuple[RawAxis, ...] | None = None

    @property
    def dtype(self) -> str:
        """The dtype as numpy calls it."""
        if self.element not in TensorProto.DataType.values() or not self.element:
            return UNKNOWN_DTYPE
        name = str(TensorProto.DataType.Name(self.element)).lower()
        return _DTYPES.get(name, name)

    @property
    def shown_axes(self) -> tuple[str | int, ...] | None:
        """The axes, those without a name as `UNKNOWN_AXIS`."""
        if self.axes is None:
            return None
        return tuple(UNKNOWN_AXIS if is_nameless(axis) else axis or "" for axis in self.axes)


def tensor_types(model: onnx.ModelProto) -> dict[str, TensorType | None]:
    """Find what is known of every value of a graph.

    Axes come from shape inference; where it knows none, what the file says of the value
    counts. Old exporters leave fixed numbers in a file's notes that hold for one batch only.

    Requires: a checked model. Ensures: it is left as it is.

    Returns:
        By name; None for a sequence, a map or an optional.
    """
    noted = {each.name: type_of(each.type) for each in model.graph.value_info}
    found: dict[str, TensorType | None] = {
        each.name: type_of(each.type) for each in _inferred(model)
    }
    for tensor in model.graph.initializer:
        found[tensor.name] = TensorType(tensor.data_type, tuple(tensor.dims))
    for name, note in noted.items():
        found[name] = _joined(found.get(name, TensorType()), note)
    for node in model.graph.node:
        if node.op_type == "Loop" and _is_standard(node):
            _learn_from_body(node, found)
    schemas = [_schema(node, _versions(model)) for node in model.graph.node]
    for _ in range(_ROUNDS):
        if not _bind_all(model.graph.node, schemas, found):
            break
    return found


def _inferred(model: onnx.ModelProto) -> Iterable[onnx.ValueInfoProto]:
    """Infer shapes without the notes of the file, those of unknown operators excepted."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    unknown = {
        name for node in bare.graph.node if not _is_standard(node) for name in node.output
    }
    kept = [each for each in model.graph.value_info if each.name in unknown]
    bare.graph.ClearField("value_info")
    bare.graph.value_info.extend(kept)
    graph = with_inferred_shapes(bare).graph
    return (*graph.value_info, *graph.output, *graph.input)


def _is_standard(node: onnx.NodeProto) -> bool:
    return node.domain in DEFAULT_DOMAINS


def type_of(given: onnx.TypeProto) -> TensorType | None:
    kind = given.WhichOneof("value")
    if kind is None:
        return TensorType()
    if kind != "tensor_type":
        return None
    tensor = given.tensor_type
    if not tensor.HasField("shape"):
        return TensorType(tensor.elem_type)
    return TensorType(tensor.elem_type, tuple(raw_axis(each) for each in tensor.shape.dim))


def _joined(first: TensorType | None, second: TensorType | None) -> TensorType | None:
    """What two sources say together; the first one is right where they differ."""
    if first is None or second is None:
        return first
    element = first.element or second.element
    if first.axes is None or second.axes is None or len(first.axes) != len(second.axes):
        return TensorType(element, second.axes if first.axes is None else first.axes)
    pairs = zip(first.axes, second.axes, strict=True)
    return TensorType(element, tuple(_joined_axis(*pair) for pair in pairs))


def _joined_axis(first: RawAxis, second: RawAxis) -> RawAxis:
    named = isinstance(second, str) and not is_nameless(second)
    return second if is_nameless(first) and named else first


def _versions(model: onnx.ModelProto) -> dict[str, int]:
    return {_domain(each.domain): each.version for each in model.opset_import}


def _domain(domain: str) -> str:
    return "" if domain in DEFAULT_DOMAINS else domain


def _schema(node: onnx.NodeProto, versions: Mapping[str, int]) -> defs.OpSchema | None:
    domain = _domain(node.domain)
    try:
        return defs.get_schema(node.op_type, versions.get(domain, 1), domain)
    except defs.SchemaError:
        return None


def _bind_all(
    nodes: Iterable[onnx.NodeProto],
    schemas: Iterable[defs.OpSchema | None],
    found: dict[str, TensorType | None],
) -> bool:
    """Learn dtypes from neighbours, first forwards; say whether anything was learnt.

    Each operator says which of its inputs and outputs have one dtype.
    """
    pairs = list(zip(nodes, schemas, strict=True))
    learnt = [_bind(node, schema, found) for node, schema in pairs]
    learnt += [_bind(node, schema, found) for node, schema in reversed(pairs)]
    return any(learnt)


def _bind(
    node: onnx.NodeProto,
    schema: defs.OpSchema | None,
    found: dict[str, TensorType | None],
) -> bool:
    if schema is None:
        return _bind_fused(node, found)
    slots = [
        *zip(node.input, _formals(schema.inputs, len(node.input)), strict=False),
        *zip(node.output, _formals(schema.outputs, len(node.output)), strict=False),
    ]
    elements: dict[str, int] = {}
    for name, variable in slots:
        known = found.get(name)
        if name and variable and known is not None and known.element:
            elements.setdefault(variable, known.element)
    learnt = False
    for name, variable in slots:
        if name and variable in elements:
            learnt |= _learn(found, name, TensorType(elements[variable]))
    return learnt


def _bind_fused(node: onnx.NodeProto, found: dict[str, TensorType | None]) -> bool:
    fused = node.op_type in _LIKE_FIRST_INPUT and node.input and node.output
    given = found.get(node.input[0]) if fused else None
    if given is None:
        return False
    shape = given.axes if node.op_type in _SAME_SHAPE else None
    return _learn(found, node.output[0], TensorType(given.element, shape))


def _learn_from_body(node: onnx.NodeProto, found: dict[str, TensorType | None]) -> None:
    """Take ranks from the body of a Loop; lengths may change from one pass to the next."""
    carried = len(node.input) - 2
    body = next(graphs_in(node), onnx.GraphProto())
    for place, (name, inner) in enumerate(zip(node.output, body.output[1:], strict=False)):
        known = type_of(inner.type)
        if name and known is not None and known.axes is not None:
            rank = len(known.axes) + (place >= carried)
            _learn(found, name, TensorType(known.element, (None,) * rank))


def _learn(found: dict[str, TensorType | None], name: str, more: TensorType) -> bool:
    known = found.get(name, TensorType())
    if known is None or (known.element and (known.axes is not None or more.axes is None)):
        return False
    found[name] = _joined(known, more)
    return found[name] != known


def _formals(formals: Iterable[defs.OpSchema.FormalParameter], count: int) -> list[str]:
    """The type variable of each of so many actual parameters; '' where they may differ."""
    listed = list(formals)
    variables = [each.type_str for each in listed]
    if listed and listed[-1].option == defs.OpSchema.FormalParameterOption.Variadic:
        last = variables.pop() if listed[-1].is_homogeneous else ""
        variables += [last] * (count - len(variables))
    return [each if "(" not in each else "" for each in variables]
