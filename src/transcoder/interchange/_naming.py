"""Names inside a graph: which are taken, and giving others."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count

import onnx

from transcoder.interchange._nested import graphs_in


def all_names(model: onnx.ModelProto) -> set[str]:
    """Collect the names of all values of a graph and its bodies."""
    return set(_names(model.graph))


def node_names(graph: onnx.GraphProto) -> Iterator[str]:
    """List the names of all nodes of a graph and its bodies."""
    for node in graph.node:
        yield node.name
        for inner in graphs_in(node):
            yield from node_names(inner)


def axis_names(graph: onnx.GraphProto) -> set[str]:
    """Collect the names of all axes of a graph and its bodies."""
    return {dim.dim_param for dim in _dims(graph) if dim.dim_param}


def fresh_names(taken: set[str]) -> Callable[[str], str]:
    """Make a function that turns a wish into a name not taken, which then is taken."""

    def fresh(wish: str) -> str:
        name = wish
        numbers = count(1)
        while name in taken:
            name = f"{wish}_{next(numbers)}"
        taken.add(name)
        return name

    return fresh


def rename_values(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Give other names to values, in place, in the bodies of nodes too.

    Requires: no new name is one of the graph's own.
    """
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for sparse in graph.sparse_initializer:
        sparse.values.name = names.get(sparse.values.name, sparse.values.name)
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)
    for note in graph.quantization_annotation:
        note.tensor_name = names.get(note.tensor_name, note.tensor_name)
    for node in graph.node:
        node.input[:] = [names.get(each, each) for each in node.input]
        node.output[:] = [names.get(each, each) for each in node.output]
        for inner in graphs_in(node):
            rename_values(inner, names)


def rename_nodes(graph: onnx.GraphProto, fresh: Callable[[str], str]) -> None:
    """Give nodes whose names are taken others, in place."""
    for node in graph.node:
        if node.name:
            node.name = fresh(node.name)
        for inner in graphs_in(node):
            rename_nodes(inner, fresh)


def rename_axes(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Give other names to axes, in place."""
    for dim in _dims(graph):
        if dim.dim_param in names:
            dim.dim_param = names[dim.dim_param]


def _names(graph: onnx.GraphProto) -> Iterator[str]:
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        yield value.name
    yield from (each.values.name for each in graph.sparse_initializer)
    for node in graph.node:
        yield from (*node.input, *node.output)
        for inner in graphs_in(node):
            yield from _names(inner)


def _dims(graph: onnx.GraphProto) -> Iterator[onnx.TensorShapeProto.Dimension]:
    yield from _dims_of((*graph.input, *graph.output, *graph.value_info))
    for node in graph.node:
        for inner in graphs_in(node):
            yield from _dims(inner)


def _dims_of(
    values: Iterable[onnx.ValueInfoProto],
) -> Iterator[onnx.TensorShapeProto.Dimension]:
    for value in values:
        if value.type.WhichOneof("value") == "tensor_type":
            yield from value.type.tensor_type.shape.dim
