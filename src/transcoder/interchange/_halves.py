"""Takes a network apart at one tensor."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import final

import onnx
from onnx import TensorProto, helper

from transcoder.errors import CutError, UnknownNameError
from transcoder.interchange._cut_nouns import Cut, Halves, Notion
from transcoder.interchange._extract import Part, extract
from transcoder.interchange._listing import mark_bottlenecks
from transcoder.interchange._naming import all_names, fresh_names
from transcoder.interchange._network import Network, read_network
from transcoder.interchange._no_cut import name_passers, why_no_cut
from transcoder.interchange._parsing import check
from transcoder.interchange._shape_leaks import crossing_nodes, recomputing_nodes
from transcoder.interchange._tensor_types import TensorType
from transcoder.vocabulary import TensorSpec


def take_apart(
    model: bytes | onnx.ModelProto,
    at: str,
    notion: Notion,
    *,
    spec: TensorSpec | None,
    name: str,
) -> Halves:
    """Do the work of `cut`."""
    network = read_network(model, notion, name)
    cut = _find(network, at, notion)
    value = _value_info(network, at, spec)
    tail = _tail(network, network.dataflow.numbers[at])
    head = _head(network, network.dataflow.numbers[at], tail)
    _refuse_shared_draws(network, at, head, tail)
    parts = (
        extract(network.model, _head_part(network, value, head, tail)),
        extract(network.model, _tail_part(network, value, tail)),
    )
    for part, side in zip(parts, ("head", "tail"), strict=True):
        check(part, f"{name} ({side})")
    return Halves(parts[0].SerializeToString(), parts[1].SerializeToString(), cut)


@final
@dataclass(slots=True)
class _Needs:
    """What one half consists of.

    Attributes:
        outputs: What it gives.
        nodes: Numbers of its nodes.
        values: What they read, and what it gives.
        leaking: Its Shape and Size nodes that look at what only the head has.
        crossing: The values whose shape the head must give.
    """

    outputs: tuple[int, ...]
    nodes: set[int] = field(default_factory=set)
    values: set[int] = field(default_factory=set)
    leaking: set[int] = field(default_factory=set)
    crossing: set[int] = field(default_factory=set)


def _find(network: Network, at: str, notion: Notion) -> Cut:
    data, flow = network.dataflow, network.flow
    if at not in data.numbers:
        raise UnknownNameError("tensor of the graph", at, data.names)
    cuts = network.tensor_cuts()
    number = data.numbers[at]
    if number in cuts:
        described = mark_bottlenecks(network.describe(cuts))
        return described[cuts.index(number)]
    if number in data.inputs or number in data.outputs:
        side = "input" if number in data.inputs else "output"
        reason = f"it is an {side} of the graph, and one half would be empty"
    elif not flow.live[number]:
        reason = "it does not depend on the numbers that the graph takes"
    else:
        reason = name_passers(network, flow.places[number])
    if not cuts:
        reason = why_no_cut(network, notion, ())
    raise CutError(at, reason or "no output depends on it", data.named(cuts))


def _value_info(network: Network, at: str, spec: TensorSpec | None) -> onnx.ValueInfoProto:
    known = network.types.get(at) or TensorType()
    element, axes = known.element, known.shown_axes
    if spec is not None:
        element = element or _element(spec.dtype)
        axes = spec.axes if axes is None else axes
    if not element or axes is None:
        lacking = "dtype" if not element else "number of axes"
        reason = f"the file does not say its {lacking}; give its spec"
        raise CutError(at, reason, ())
    shape = [axis if axis != "?" else None for axis in axes]
    return helper.make_tensor_value_info(at, element, shape)


def _element(dtype: str) -> int:
    name = {"float32": "FLOAT", "float64": "DOUBLE"}.get(dtype, dtype.upper())
    return int(TensorProto.DataType.Value(name))


def _tail(network: Network, at: int) -> _Needs:
    data, flow = network.dataflow, network.flow
    place = flow.places[at]
    outputs = [each for each in data.outputs if each != at and flow.available[each] >= place]
    needs = _Needs(tuple(outputs))
    leaking = {
        node: value for node, value in flow.shape_uses() if flow.available[value] < place
    }

    def enter(node: int) -> bool:
        if node not in leaking:
            return True
        needs.leaking.add(node)
        if network.shapes.lengths(leaking[node], at) is None:
            needs.crossing.add(leaking[node])
        return False

    _collect(network, needs, outputs, stop={at}, enter=enter)
    return needs


def _head(network: Network, at: int, tail: _Needs) -> _Needs:
    others = (each for each in network.dataflow.outputs if each not in tail.outputs)
    needs = _Needs(tuple(dict.fromkeys((at, *others))), crossing=tail.crossing)
    begin = (*needs.outputs, *needs.crossing)
    _collect(network, needs, begin, stop=(), enter=lambda _: True)
    return needs


def _collect(
    network: Network,
    needs: _Needs,
    begin: Sequence[int],
    *,
    stop: Collection[int],
    enter: Callable[[int], bool],
) -> None:
    """Walk back from some values to what is given; every node is looked at once."""
    data = network.dataflow
    makers = {value: node for node, given in enumerate(data.gives) for value in given}
    seen: set[int] = set()
    needs.values.update(begin)
    waiting = list(begin)
    while waiting:
        value = waiting.pop()
        node = makers.get(value)
        if value in stop or node is None or node in seen:
            continue
        seen.add(node)
        if enter(node):
            needs.nodes.add(node)
            needs.values.update(data.reads[node])
            waiting.extend(data.reads[node])


def _refuse_shared_draws(network: Network, at: str, head: _Needs, tail: _Needs) -> None:
    for node in sorted(head.nodes & tail.nodes):
        if network.dataflow.draws[node]:
            drawn = network.dataflow.named(network.dataflow.gives[node])[0]
            reason = f"both halves would draw the random numbers {drawn!r} anew"
            raise CutError(at, reason, ())


def _head_part(
    network: Network, value: onnx.ValueInfoProto, needs: _Needs, tail: _Needs
) -> Part:
    data = network.dataflow
    idle = {each for each in data.inputs if each not in needs.values | tail.values}
    given = {each.name: each for each in network.model.graph.output}
    given[value.name] = value
    crossing = _crossing(network, needs)
    shapes = [
        helper.make_node("Shape", [data.names[each]], [name.name])
        for each, name in crossing.items()
    ]
    at, *others = data.named(needs.outputs)
    return Part(
        side="head",
        nodes=(*(data.nodes[each] for each in sorted(needs.nodes)), *shapes),
        inputs=_inputs(network, needs.values | idle),
        outputs=(given[at], *crossing.values(), *(given[name] for name in others)),
        values=frozenset(data.named(needs.values)),
    )


def _tail_part(network: Network, value: onnx.ValueInfoProto, needs: _Needs) -> Part:
    data = network.dataflow
    fresh = fresh_names(all_names(network.model))
    crossing = _crossing(network, needs)
    at = data.numbers[value.name]
    nodes: list[onnx.NodeProto] = []
    for each in sorted(needs.nodes | needs.leaking):
        node, source = data.nodes[each], data.reads[each][0] if data.reads[each] else -1
        if each in needs.nodes:
            nodes.append(node)
        elif source in crossing:
            nodes += crossing_nodes(node, crossing[source].name, fresh)
        else:
            lengths = network.shapes.lengths(source, at) or ()
            nodes += recomputing_nodes(node, value.name, lengths, fresh)
    given = {each.name: each for each in network.model.graph.output}
    return Part(
        side="tail",
        nodes=tuple(nodes),
        inputs=(value, *crossing.values(), *_inputs(network, needs.values)),
        outputs=tuple(given[name] for name in data.named(needs.outputs)),
        values=frozenset(data.named(needs.values)),
    )


def _crossing(network: Network, needs: _Needs) -> dict[int, onnx.ValueInfoProto]:
    """The shapes that cross the cut, int64 (axes,) each, by the value whose shape it is."""
    named = {each: network.shapes.crossing_name(each) for each in sorted(needs.crossing)}
    return {
        each: helper.make_tensor_value_info(name, TensorProto.INT64, [None])
        for each, name in named.items()
    }


def _inputs(network: Network, values: Iterable[int]) -> tuple[onnx.ValueInfoProto, ...]:
    wanted = set(network.dataflow.named(set(values) & set(network.dataflow.inputs)))
    return tuple(each for each in network.model.graph.input if each.name in wanted)
