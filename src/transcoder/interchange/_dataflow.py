"""A graph as numbers: which node reads and gives which values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import onnx

from transcoder.interchange._nested import (
    DEFAULT_DOMAINS,
    initializer_sizes,
    inner_parameters,
    is_random,
    random_functions,
    reads_of,
)

_SHAPE_ONLY = frozenset({"Shape", "Size"})


@dataclass(frozen=True, slots=True)
class Dataflow:
    """Who reads what; values and nodes are numbered from 0 in the order of the file.

    Attributes:
        names: Of each value: inputs, initializers, then what the nodes give.
        numbers: From name to number.
        nodes: As the file has them, each after all that it reads.
        reads: The values each node reads, those that its bodies capture included.
        gives: The values each node gives.
        inputs: The graph's inputs without initializers.
        outputs: What the graph gives.
        initializers: The dense ones by name.
        sizes: How many numbers each initializer holds.
        inner_sizes: How many numbers the initializers inside each node hold.
        takes_shape_only: Whether a node looks at the shape of its input, not at its values.
        draws: Whether a node draws random numbers.
    """

    names: tuple[str, ...]
    numbers: Mapping[str, int]
    nodes: tuple[onnx.NodeProto, ...]
    reads: tuple[tuple[int, ...], ...]
    gives: tuple[tuple[int, ...], ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    initializers: Mapping[str, onnx.TensorProto]
    sizes: Mapping[int, int]
    inner_sizes: tuple[int, ...]
    takes_shape_only: tuple[bool, ...]
    draws: tuple[bool, ...]

    def named(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The names of some values."""
        return tuple(self.names[each] for each in numbers)


def dataflow_of(model: onnx.ModelProto) -> Dataflow:
    """Number the values of a graph.

    Requires: a checked model, so that nodes stand in order and every name is given once.
    Ensures: what the bodies of If, Loop and Scan capture counts as read by their node; nodes
        on which no output depends are left out.
    """
    graph = model.graph
    sizes = initializer_sizes(graph)
    inputs = [each.name for each in graph.input if each.name not in sizes]
    nodes, reads = _needed(graph)
    made = (name for node in nodes for name in node.output if name)
    names = tuple(dict.fromkeys((*inputs, *sizes, *made)))
    numbers = {name: number for number, name in enumerate(names)}
    functions = random_functions(model)
    return Dataflow(
        names=names,
        numbers=numbers,
        nodes=nodes,
        reads=tuple(tuple(numbers[name] for name in read) for read in reads),
        gives=tuple(tuple(numbers[name] for name in node.output if name) for node in nodes),
        inputs=tuple(numbers[name] for name in inputs),
        outputs=tuple(numbers[each.name] for each in graph.output),
        initializers={each.name: each for each in graph.initializer},
        sizes={numbers[name]: size for name, size in sizes.items()},
        inner_sizes=tuple(map(inner_parameters, nodes)),
        takes_shape_only=tuple(_takes_shape_only(node) for node in nodes),
        draws=tuple(is_random(node, functions) for node in nodes),
    )


def _needed(
    graph: onnx.GraphProto,
) -> tuple[tuple[onnx.NodeProto, ...], tuple[tuple[str, ...], ...]]:
    """Find the nodes on which an output depends, and what each reads."""
    wanted = {each.name for each in graph.output}
    found = []
    for node in reversed(graph.node):
        if not wanted.isdisjoint(node.output):
            read = tuple(reads_of(node))
            wanted.update(read)
            found.append((node, read))
    found.reverse()
    return tuple(node for node, _ in found), tuple(read for _, read in found)


def _takes_shape_only(node: onnx.NodeProto) -> bool:
    return node.domain in DEFAULT_DOMAINS and node.op_type in _SHAPE_ONLY
