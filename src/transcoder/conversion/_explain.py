"""Where gradients reach in a network, and where they stop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import onnx
from onnx import shape_inference
from typing_extensions import override

from transcoder.conversion._convert import inlined, read_model
from transcoder.conversion._gradient_edges import Edge, Passage, Value, find_edges, is_floating
from transcoder.conversion._straight_through import straightened
from transcoder.errors import InvalidModelError

_NOT_FOLLOWED = (shape_inference.InferenceError, KeyError, RuntimeError, TypeError, ValueError)


class Reach(IntEnum):
    """What comes back from an output to an input, the least first."""

    INDEPENDENT = 0
    NOTHING = 1
    ZEROS = 2
    GRADIENTS = 3


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A node at which gradients end, or become zero almost everywhere.

    Attributes:
        operator: Of the node, or "Input".
        node: Its name, or its outputs where it has none.
        reason: Why.
        is_zero: Whether zeros pass rather than nothing.
    """

    operator: str
    node: str
    reason: str
    is_zero: bool

    @override
    def __str__(self) -> str:
        what = "turn to zero" if self.is_zero else "stop"
        return f"they {what} at {self.operator} {self.node!r}: {self.reason}"


@dataclass(frozen=True, slots=True)
class GradientFlow:
    """One output of a network and one input.

    Attributes:
        output: Its name.
        input: Its name.
        reach: What arrives.
        obstacles: All that is in the way, also where gradients go round it.
    """

    output: str
    input: str
    reach: Reach
    obstacles: tuple[Obstacle, ...]

    @override
    def __str__(self) -> str:
        said = {
            Reach.INDEPENDENT: f"{self.output!r} does not depend on {self.input!r}",
            Reach.NOTHING: f"no gradients of {self.output!r} reach {self.input!r}",
            Reach.ZEROS: f"gradients of {self.output!r} reach {self.input!r} as zeros",
            Reach.GRADIENTS: f"gradients of {self.output!r} reach {self.input!r}",
        }[self.reach]
        return "".join([said, *(f"\n  {each}" for each in self.obstacles)])


@dataclass(frozen=True, slots=True)
class GradientReport:
    """What `explain_gradients` found.

    Attributes:
        flows: Every pair of an output and an input, in the graph's order.
    """

    flows: tuple[GradientFlow, ...]

    def flow(self, output: str, source: str) -> GradientFlow:
        """Find one pair.

        Raises:
            KeyError: If the graph has no such output or input.
        """
        for each in self.flows:
            if (each.output, each.input) == (output, source):
                return each
        raise KeyError(output, source)

    @override
    def __str__(self) -> str:
        return "\n".join(map(str, self.flows))


def explain_gradients(
    model: bytes | onnx.ModelProto, *, straight_through: bool = False
) -> GradientReport:
    """Say for each output and input of a network whether gradients pass, and where they stop.

    Args:
        model: The file's bytes, or the model read from them.
        straight_through: As `to_torch` would be told.

    Returns:
        What can be seen in the graph without running it: where a branch is chosen by a value,
        both ways count.

    Raises:
        InvalidModelError: If this is no ONNX model, or not a whole one.
    """
    proto = inlined(read_model(model))
    proto = straightened(proto) if straight_through else proto
    try:
        return _report(shape_inference.infer_shapes(proto))
    except _NOT_FOLLOWED as error:
        reason = f"its values cannot be followed from node to node: {error}"
        raise InvalidModelError(proto.graph.name, reason) from error


def _report(proto: onnx.ModelProto) -> GradientReport:
    weights = {tensor.name for tensor in proto.graph.initializer}
    inputs = [each for each in proto.graph.input if each.name not in weights]
    edges = find_edges(proto.graph)
    ways_back = {each.name: _ways_back(edges, (0, each.name)) for each in proto.graph.output}
    ways_on = {each.name: _ways_on(edges, (0, each.name)) for each in inputs}
    flows = [
        _flow(output.name, source, ways_back[output.name], ways_on[source.name])
        for output in proto.graph.output
        for source in inputs
    ]
    return GradientReport(tuple(flows))


_Reached = Mapping[Passage, frozenset[Value]]


@dataclass(frozen=True, slots=True)
class _On:
    """What is reached from an input: by passing, by passing or becoming zero, at all."""

    by: _Reached
    edges: tuple[Edge, ...]


def _ways_on(edges: Iterable[Edge], start: Value) -> _On:
    kept = tuple(edges)
    by = {
        most: _closure(
            ((each.source, each.target) for each in kept if each.passage <= most), start
        )
        for most in Passage
    }
    return _On(by, kept)


def _ways_back(edges: Iterable[Edge], end: Value) -> frozenset[Value]:
    return _closure(((each.target, each.source) for each in edges), end)


def _closure(pairs: Iterable[tuple[Value, Value]], start: Value) -> frozenset[Value]:
    following: dict[Value, list[Value]] = {}
    for first, second in pairs:
        following.setdefault(first, []).append(second)
    seen, waiting = {start}, [start]
    while waiting:
        for each in following.get(waiting.pop(), ()):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return frozenset(seen)


def _flow(
    output: str, source: onnx.ValueInfoProto, back: frozenset[Value], on: _On
) -> GradientFlow:
    end = (0, output)
    if end not in on.by[Passage.STOPS]:
        return GradientFlow(output, source.name, Reach.INDEPENDENT, ())
    if not is_floating(source.type):
        number = source.type.tensor_type.elem_type
        kind = onnx.TensorProto.DataType.Name(number).lower()
        first = Obstacle("Input", source.name, f"it is {kind}", is_zero=False)
        return GradientFlow(output, source.name, Reach.NOTHING, (first,))
    reach = (
        Reach.GRADIENTS if end in on.by[Passage.PASSES]
        else Reach.ZEROS if end in on.by[Passage.ZEROS]
        else Reach.NOTHING
    )  # fmt: skip
    met = {
        Obstacle(each.operator, each.node, each.reason, each.passage is Passage.ZEROS): None
        for each in on.edges
        if each.passage is not Passage.PASSES
        and each.source in on.by[Passage.ZEROS]
        and each.target in back
    }
    return GradientFlow(output, source.name, reach, tuple(met))
