"""Writes a part of a model as a model of its own."""

from collections.abc import Collection
from dataclasses import dataclass

import onnx

from transcoder.interchange._nested import nodes_within

_REBUILT = frozenset(
    {"node", "initializer", "sparse_initializer", "input", "output", "value_info"}
    | {"quantization_annotation", "name"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of a model consists of.

    Attributes:
        side: What is added to the graph's name.
        nodes: In order.
        inputs: What it takes, without initializers.
        outputs: What it gives.
        values: Names of all values that it reads or gives.
    """

    side: str
    nodes: tuple[onnx.NodeProto, ...]
    inputs: tuple[onnx.ValueInfoProto, ...]
    outputs: tuple[onnx.ValueInfoProto, ...]
    values: frozenset[str]


def extract(model: onnx.ModelProto, part: Part) -> onnx.ModelProto:
    """Copy a part of a model.

    Requires: the part's nodes stand in order and read what they, its inputs or the model's
        initializers give.
    Ensures: only initializers, functions and notes that it uses are in it; operator sets,
        format version, producer and metadata are those of the model. How to train the whole
        is left out.
    """
    made = onnx.ModelProto()
    _copy_fields(model, made, {"graph", "functions", "training_info"})
    _copy_fields(model.graph, made.graph, _REBUILT)
    graph, source = made.graph, model.graph
    graph.name = f"{source.name or 'graph'}.{part.side}"
    graph.node.extend(part.nodes)
    graph.initializer.extend(each for each in source.initializer if each.name in part.values)
    graph.sparse_initializer.extend(
        each for each in source.sparse_initializer if each.values.name in part.values
    )
    graph.input.extend(part.inputs)
    held = {each.name for each in graph.initializer}
    graph.input.extend(each for each in source.input if each.name in held)
    graph.output.extend(part.outputs)
    _copy_notes(source, graph)
    made.functions.extend(_used_functions(model, part))
    return made


def _copy_fields(
    source: onnx.ModelProto | onnx.GraphProto,
    target: onnx.ModelProto | onnx.GraphProto,
    left_out: Collection[str],
) -> None:
    """Copy plain fields and lists, those of newer format versions included."""
    for descriptor, value in source.ListFields():
        if descriptor.name in left_out:
            continue
        if isinstance(value, str | bytes | int | float):
            setattr(target, descriptor.name, value)
        else:
            getattr(target, descriptor.name).extend(value)


def _copy_notes(source: onnx.GraphProto, target: onnx.GraphProto) -> None:
    """Keep what the file says of values inside the part."""
    inside = {name for node in target.node for name in node.output}
    ends = {each.name for each in (*target.input, *target.output)}
    target.value_info.extend(
        each for each in source.value_info if each.name in inside and each.name not in ends
    )
    target.quantization_annotation.extend(
        each for each in source.quantization_annotation if each.tensor_name in inside | ends
    )


def _used_functions(model: onnx.ModelProto, part: Part) -> list[onnx.FunctionProto]:
    by_key = {(each.domain, each.name, each.overload): each for each in model.functions}
    used: set[tuple[str, str, str]] = set()
    waiting = list(nodes_within(part.nodes))
    while waiting:
        node = waiting.pop()
        key = (node.domain, node.op_type, node.overload)
        if key in by_key and key not in used:
            used.add(key)
            waiting.extend(nodes_within(by_key[key].node))
    return [each for key, each in by_key.items() if key in used]
