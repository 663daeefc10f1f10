"""Weights of branches and loops, moved out to where all other weights are."""

from collections.abc import Iterator

import onnx


def hoisted(model: onnx.ModelProto) -> onnx.ModelProto:
    """Move the weights of inner graphs to the outermost, so that there is one place for them.

    Args:
        model: Any model; it stays as it is.

    Returns:
        A model that computes the same, the given one where nothing is to be moved.
    """
    if not any(inner.initializer for inner in _inner_graphs(model.graph)):
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    taken = set(_names(copy.graph))
    for inner in list(_inner_graphs(copy.graph)):
        given = {value.name for value in inner.input}
        moved = [tensor for tensor in inner.initializer if tensor.name not in given]
        kept = [tensor for tensor in inner.initializer if tensor.name in given]
        for tensor in moved:
            name = _free_name(tensor.name, taken)
            _rename(inner, tensor.name, name)
            copy.graph.initializer.append(tensor)
            copy.graph.initializer[-1].name = name
        del inner.initializer[:]
        inner.initializer.extend(kept)
    return copy


def _bodies(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    for node in graph.node:
        for attribute in node.attribute:
            yield from (each for each in (attribute.g, *attribute.graphs) if each.output)


def _inner_graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    for body in _bodies(graph):
        yield body
        yield from _inner_graphs(body)


def _names(graph: onnx.GraphProto) -> Iterator[str]:
    """Give every name of a value in a graph, but those of weights of inner graphs."""
    yield from (each.name for each in (*graph.input, *graph.initializer))
    for node in graph.node:
        yield from node.output
    for body in _bodies(graph):
        own = {tensor.name for tensor in body.initializer}
        yield from (name for name in _names(body) if name not in own)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    taken.add(name)
    return name


def _rename(graph: onnx.GraphProto, name: str, wanted: str) -> None:
    if name == wanted:
        return
    for value in graph.output:
        value.name = wanted if value.name == name else value.name
    for node in graph.node:
        for at, given in enumerate(node.input):
            if given == name:
                node.input[at] = wanted
    for body in _bodies(graph):
        here = (*body.input, *body.initializer)
        made = {output for node in body.node for output in node.output}
        if name not in made and not any(each.name == name for each in here):
            _rename(body, name, wanted)
