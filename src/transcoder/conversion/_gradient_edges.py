"""How each node of a graph hands gradients from its outputs to its inputs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import TypeAlias, final

import onnx
from onnx import TensorProto

from transcoder.conversion.operators import HANDLERS

Value: TypeAlias = tuple[int, str]
"""The number of a graph, 0 for the outermost, and a name in it."""


class Passage(IntEnum):
    """What a gradient becomes, the best first."""

    PASSES = 0
    ZEROS = 1
    STOPS = 2


@dataclass(frozen=True, slots=True)
class Edge:
    """From one input of a node to one of its outputs.

    Attributes:
        source: The input.
        target: The output.
        passage: What becomes of gradients on the way back.
        operator: Of the node.
        node: Its name, for people.
        reason: Why they do not pass.
    """

    source: Value
    target: Value
    passage: Passage
    operator: str
    node: str
    reason: str


_FLOATS = frozenset(
    {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
    | {TensorProto.COMPLEX64, TensorProto.COMPLEX128}
)

_COMPARES = "it gives the truth of a comparison"
_SHAPE_ONLY = "it reads the shape, not the values"
_PLACES = "it gives places, not values"
_STEPS = "it rounds to the steps of small integers"
_CHANCE = "it draws at random"

_STOPS: Mapping[str, str] = {
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), _COMPARES),
    **dict.fromkeys(("IsInf", "IsNaN"), _COMPARES),
    **dict.fromkeys(("Shape", "Size", "EyeLike", "ConstantOfShape"), _SHAPE_ONLY),
    **dict.fromkeys(("RandomNormalLike", "RandomUniformLike"), _SHAPE_ONLY),
    **dict.fromkeys(("ArgMax", "ArgMin", "NonZero", "NonMaxSuppression"), _PLACES),
    **dict.fromkeys(("QuantizeLinear", "DynamicQuantizeLinear"), _STEPS),
    **dict.fromkeys(("Bernoulli", "Multinomial"), _CHANCE),
}

_ZEROS: Mapping[str, str] = {
    **dict.fromkeys(("Ceil", "Floor", "Round"), "rounding is flat between its steps"),
    "Hardmax": "it marks the highest, which is flat between its steps",
    "Sign": "a sign is flat on both sides of zero",
}

_SECOND_IS_PLACES = frozenset({"MaxPool", "TopK"})
_LOOP_HEAD = 2


def is_floating(kind: onnx.TypeProto) -> bool:
    """Whether a value may carry gradients; what has no known type may."""
    while kind.HasField("sequence_type") or kind.HasField("optional_type"):
        inner = "sequence_type" if kind.HasField("sequence_type") else "optional_type"
        kind = getattr(kind, inner).elem_type
    number = kind.tensor_type.elem_type
    return number in _FLOATS or number == TensorProto.UNDEFINED


def find_edges(graph: onnx.GraphProto) -> tuple[Edge, ...]:
    """List the edges of a graph and of all graphs inside it; types must be inferred."""
    return tuple(_Walker().walk(graph, 0, {}))


@final
class _Walker:
    def __init__(self) -> None:
        self._numbers = count(1)
        self._types: dict[Value, onnx.TypeProto] = {}

    def walk(
        self, graph: onnx.GraphProto, number: int, around: Mapping[str, Value]
    ) -> Iterator[Edge]:
        """Give the edges of a graph.

        Args:
            graph: The graph.
            number: Its number.
            around: Values of the graphs around it, by name.
        """
        seen = dict(around)
        for value in (*graph.input, *graph.value_info, *graph.output):
            self._types[number, value.name] = value.type
        names = [each.name for each in (*graph.input, *graph.initializer)]
        seen |= {name: (number, name) for name in names}
        for node in graph.node:
            seen |= {name: (number, name) for name in node.output}
            yield from self._edges(node, number, seen)
        for value in graph.output:
            if seen.get(value.name, (number, "")) != (number, value.name):
                yield _plain(seen[value.name], (number, value.name), "Capture", value.name)

    def _edges(
        self, node: onnx.NodeProto, number: int, seen: Mapping[str, Value]
    ) -> Iterator[Edge]:
        bodies = [each.g for each in node.attribute if each.type == onnx.AttributeProto.GRAPH]
        given = [seen.get(name) for name in node.input]
        targets = [(number, name) for name in node.output]
        label = node.name or ", ".join(node.output)
        for body in bodies:
            inner = next(self._numbers)
            yield from self.walk(body, inner, seen)
            yield from _joined(node, body, inner, (given, targets))
        if bodies:
            return
        for position, source in enumerate(given):
            for place, target in enumerate(targets):
                if source is not None and target[1]:
                    passage, reason = self._passage(node, position, place, target)
                    yield Edge(source, target, passage, node.op_type, label, reason)

    def _passage(
        self, node: onnx.NodeProto, position: int, place: int, target: Value
    ) -> tuple[Passage, str]:
        operator = node.op_type
        if operator in _STOPS:
            return Passage.STOPS, _STOPS[operator]
        if place == 1 and operator in _SECOND_IS_PLACES:
            return Passage.STOPS, _PLACES
        kind = self._types.get(target)
        if kind is not None and not is_floating(kind):
            name = TensorProto.DataType.Name(kind.tensor_type.elem_type).lower()
            return Passage.STOPS, f"it gives {name}"
        if operator in HANDLERS and position in HANDLERS[operator].host:
            return Passage.STOPS, "this input is read as plain numbers"
        if operator in _ZEROS:
            return Passage.ZEROS, _ZEROS[operator]
        return Passage.PASSES, ""


def _plain(source: Value, target: Value, operator: str, label: str) -> Edge:
    return Edge(source, target, Passage.PASSES, operator, label, "")


def _joined(
    node: onnx.NodeProto, body: onnx.GraphProto, inner: int,
    ends: tuple[Sequence[Value | None], Sequence[Value]],
) -> Iterator[Edge]:  # fmt: skip
    """Join the values of a node to those of a body: inputs, outputs, and what goes round."""
    given, targets = ends
    label = node.name or ", ".join(node.output)
    takes = [(inner, value.name) for value in body.input]
    gives = [(inner, value.name) for value in body.output]
    states = len(takes) - _attribute(node, "num_scan_inputs", len(takes))
    if node.op_type == "Loop":
        given, takes, gives = given[_LOOP_HEAD:], takes[_LOOP_HEAD:], gives[1:]
        states = len(takes)
    for source, take in zip(given, takes, strict=False):
        if source is not None and node.op_type != "If":
            yield _plain(source, take, node.op_type, label)
    for give, target in zip(gives, targets, strict=False):
        yield _plain(give, target, node.op_type, label)
    for give, take in zip(gives[:states], takes[:states], strict=False):
        yield _plain(give, take, node.op_type, label)


def _attribute(node: onnx.NodeProto, name: str, otherwise: int) -> int:
    found = [each.i for each in node.attribute if each.name == name]
    return int(found[0]) if found else otherwise
