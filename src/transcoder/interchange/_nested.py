"""What the graphs inside a node read, hold and draw at random."""

from collections.abc import Collection, Iterable, Iterator

import onnx

DEFAULT_DOMAINS = frozenset({"", "ai.onnx"})
"""What files call the domain of the standard operators."""

_RANDOM = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomUniform"}
    | {"RandomNormalLike", "RandomUniformLike"}
)
_TRAINING_DROPOUT_INPUTS = 3


def graphs_in(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Find the bodies that a node carries: branches of If, bodies of Loop and Scan."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def reads_of(node: onnx.NodeProto) -> dict[str, None]:
    """List what a node reads, once each: its inputs, then what its bodies capture."""
    found = dict.fromkeys(name for name in node.input if name)
    for graph in graphs_in(node):
        found.update(dict.fromkeys(captures_of(graph)))
    return found


def captures_of(graph: onnx.GraphProto) -> dict[str, None]:
    """List what a body reads from the graphs around it."""
    own = {each.name for each in graph.input} | set(initializer_sizes(graph))
    found: dict[str, None] = {}
    for node in graph.node:
        found.update({name: None for name in reads_of(node) if name not in own})
        own.update(node.output)
    found.update({each.name: None for each in graph.output if each.name not in own})
    return found


def initializer_sizes(graph: onnx.GraphProto) -> dict[str, int]:
    """Count the numbers in each initializer of one graph, without those of bodies."""
    sizes = {each.name: _size(each.dims) for each in graph.initializer}
    for sparse in graph.sparse_initializer:
        sizes[sparse.values.name] = _size(sparse.values.dims)
    return sizes


def inner_parameters(node: onnx.NodeProto) -> int:
    """Count the numbers in the initializers of a node's bodies."""
    return sum(
        sum(initializer_sizes(graph).values()) + sum(map(inner_parameters, graph.node))
        for graph in graphs_in(node)
    )


def nodes_within(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """List nodes and all nodes inside their bodies."""
    for node in nodes:
        yield node
        for graph in graphs_in(node):
            yield from nodes_within(graph.node)


def random_functions(model: onnx.ModelProto) -> set[tuple[str, str]]:
    """Find the model's functions, as (domain, name), that draw random numbers."""
    found: set[tuple[str, str]] = set()
    for _ in model.functions:
        before = len(found)
        for function in model.functions:
            if any(is_random(node, found) for node in function.node):
                found.add((function.domain, function.name))
        if len(found) == before:
            break
    return found


def is_random(node: onnx.NodeProto, functions: Collection[tuple[str, str]]) -> bool:
    """Say whether a node gives other numbers when it runs again.

    Args:
        node: Its bodies are looked at too.
        functions: The functions that do, as (domain, name).
    """
    return any(
        (each.domain in DEFAULT_DOMAINS and each.op_type in _RANDOM)
        or (each.op_type == "Dropout" and len(each.input) == _TRAINING_DROPOUT_INPUTS)
        or (each.domain, each.op_type) in functions
        for each in nodes_within((node,))
    )


def _size(dims: Iterable[int]) -> int:
    size = 1
    for dim in dims:
        size *= dim
    return size
