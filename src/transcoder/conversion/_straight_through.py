"""Steps of quantized values as real numbers that hold them, so that gradients pass."""

from collections.abc import Iterable, Iterator, Mapping
from typing import final

import onnx
from onnx import helper, shape_inference

from transcoder.conversion.operators import ROUNDING, THROUGH
from transcoder.errors import InvalidModelError

_OWN = "transcoder"
_FOLLOWS: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("Expand", "Flatten", "Gather", "Identity", "MaxPool", "Reshape"), (0,)),
    **dict.fromkeys(("Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"), (0,)),
    **dict.fromkeys(("ConvInteger", "MatMulInteger"), (0, 1)),
}
"""Operators that give steps where they are given steps, and at which inputs."""

_ENDS: Mapping[str, tuple[int, ...]] = {"Cast": (0,), "DequantizeLinear": (0,)}
"""Operators that make real numbers of steps."""

_TAKES: Mapping[str, tuple[int, ...]] = {
    **_FOLLOWS,
    **_ENDS,
    **dict.fromkeys(("QLinearConv", "QLinearMatMul"), (0, 3)),
}


def straightened(model: onnx.ModelProto) -> onnx.ModelProto:
    """Let gradients pass where a network rounds to steps; what it computes stays the same.

    Where rounding saturates nothing passes: the straight-through estimator of Bengio, Léonard
    and Courville 2013 (https://arxiv.org/abs/1308.3432), clipped as by Hubara et al. 2016
    (https://arxiv.org/abs/1602.02830).

    Args:
        model: Any model; it stays as it is.

    Raises:
        InvalidModelError: If the types of its values cannot be inferred.
    """
    try:
        copy = shape_inference.infer_shapes(model)
    except (RuntimeError, ValueError, shape_inference.InferenceError) as error:
        reason = f"its types cannot be inferred: {error}"
        raise InvalidModelError(model.graph.name, reason) from error
    taken = {name for graph in _graphs(copy.graph) for name in _names(graph)}
    for graph in list(_graphs(copy.graph)):
        _Straightener(graph, taken).run()
    if not any(each.domain == _OWN for each in copy.opset_import):
        copy.opset_import.append(helper.make_opsetid(_OWN, 1))
    return copy


@final
class _Straightener:
    """Rewrites one graph; `held` names, for integers, the real numbers of the same steps."""

    def __init__(self, graph: onnx.GraphProto, taken: set[str]) -> None:
        self._graph, self._taken = graph, taken
        self._held: dict[str, str] = {}
        values = (*graph.value_info, *graph.output)
        self._types = {each.name: each.type.tensor_type.elem_type for each in values}

    def run(self) -> None:
        nodes: list[onnx.NodeProto] = []
        for node in self._graph.node:
            nodes.append(node)
            nodes += self._back_to_integers(self._straighten(node))
        needed = {each.name for each in self._graph.output}
        needed |= {name for node in nodes for name in _reads(node)}
        del self._graph.node[:]
        self._graph.node.extend(
            node for node in nodes if node.op_type != "Cast" or needed & {*node.output}
        )

    def _straighten(self, node: onnx.NodeProto) -> list[str]:
        """Change a node to give and take real numbers; names what it no longer gives."""
        takes_steps = self._take_steps(node)
        if node.op_type in ROUNDING and not node.domain:
            node.op_type, node.domain = node.op_type + THROUGH, _OWN
        elif not takes_steps or node.op_type not in _FOLLOWS:
            return []
        count = len(node.output) if node.op_type == "Split" else 1
        gone = list(node.output[:count])
        for place, name in enumerate(gone):
            self._held[name] = node.output[place] = self._free(name)
        return gone

    def _take_steps(self, node: onnx.NodeProto) -> bool:
        found = False
        for place in () if node.domain else _TAKES.get(node.op_type, ()):
            name = node.input[place] if place < len(node.input) else ""
            if name in self._held:
                node.input[place], found = self._held[name], True
        return found

    def _back_to_integers(self, names: Iterable[str]) -> Iterator[onnx.NodeProto]:
        for name in names:
            kind = self._types.get(name, 0)
            if kind:
                yield helper.make_node("Cast", [self._held[name]], [name], to=kind)

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "'"
        self._taken.add(name)
        return name


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for body in _bodies(graph.node):
        yield from _graphs(body)


def _bodies(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.GraphProto]:
    for node in nodes:
        for attribute in node.attribute:
            yield from (each for each in (attribute.g, *attribute.graphs) if each.output)


def _names(graph: onnx.GraphProto) -> Iterator[str]:
    yield from (each.name for each in (*graph.input, *graph.initializer))
    for node in graph.node:
        yield from (*node.input, *node.output)


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """List what a node reads, its bodies included."""
    yield from node.input
    for body in _bodies([node]):
        yield from (each.name for each in body.output)
        for inner in body.node:
            yield from _reads(inner)
