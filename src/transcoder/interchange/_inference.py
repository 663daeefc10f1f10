"""Shape inference that a few bytes cannot drive out of memory.

onnx finds more axes if it follows the numbers inside of small vectors. Then it also writes out
one symbol for each number of a vector whose length it knows, even of one declared, or filled,
with 4,000,000,000 of them. So numbers are followed only where no vector is that long.
"""

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import TypeAlias

import onnx
from onnx import TensorProto, checker, helper, numpy_helper, shape_inference

from transcoder.interchange._nested import DEFAULT_DOMAINS, graphs_in

_LONG = 2**20
_SMALL = 4096
_INTEGERS = frozenset({TensorProto.INT64, TensorProto.INT32})

_FAILURES = (
    *(shape_inference.InferenceError, checker.ValidationError),
    *(ValueError, RuntimeError, MemoryError),
)

_Sizes: TypeAlias = dict[str, int]
"""The largest number inside a vector, by name; 0 where no number is known."""


def with_inferred_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Infer what can be inferred of shapes; the model itself is left as it is.

    Returns:
        The model with the axes of its values, or without where inference fails. Its large
        weights are inputs, without their numbers, so that nobody carries these about.
    """
    light = _without_weights(model)
    try:
        plain = shape_inference.infer_shapes(light)
    except _FAILURES:
        return light
    if _may_explode(plain):
        return plain
    try:
        return shape_inference.infer_shapes(light, data_prop=True)
    except _FAILURES:
        return plain


def _without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = model.graph
    light = onnx.ModelProto(
        ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions
    )
    light.graph.name = graph.name
    light.graph.node.extend(graph.node)
    light.graph.input.extend(graph.input)
    light.graph.output.extend(graph.output)
    light.graph.value_info.extend(graph.value_info)
    light.graph.sparse_initializer.extend(graph.sparse_initializer)
    taken = {each.name for each in graph.input}
    for tensor in graph.initializer:
        if prod(tensor.dims) <= _SMALL:
            light.graph.initializer.append(tensor)
        elif tensor.name not in taken:
            kind = helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
            light.graph.input.append(helper.make_value_info(tensor.name, kind))
    return light


def _may_explode(model: onnx.ModelProto) -> bool:
    if _graph_may_explode(model.graph, {}):
        return True
    unknown = {name: _LONG for each in model.functions for name in each.input}
    return any(_nodes_may_explode(each.node, dict(unknown), {}) for each in model.functions)


def _graph_may_explode(graph: onnx.GraphProto, outer: Mapping[str, int]) -> bool:
    shapes = {
        each.name: [dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in (*graph.input, *graph.output, *graph.value_info)
    }
    if any(_is_long(shape) for shape in shapes.values()):
        return True
    sizes = {**outer, **{each.name: _largest(each) for each in graph.initializer}}
    return _nodes_may_explode(graph.node, sizes, shapes)


def _is_long(shape: list[int]) -> bool:
    """Say whether a vector is too long to be written out, or could be flattened to one."""
    return (len(shape) == 1 and shape[0] > _LONG) or max(shape, default=0) > _LONG * _SMALL


def _nodes_may_explode(
    nodes: Iterable[onnx.NodeProto], sizes: _Sizes, shapes: Mapping[str, list[int]]
) -> bool:
    """Follow the largest numbers in order, and look whether one becomes a length."""
    for node in nodes:
        if any(_graph_may_explode(graph, sizes) for graph in graphs_in(node)):
            return True
        if node.domain not in DEFAULT_DOMAINS:
            continue
        places = _LENGTHS.get(node.op_type, ())
        given = [sizes.get(name, 0) for name in node.input]
        if any(given[place] > _LONG for place in places if place < len(given)):
            return True
        size = _size(node, given, shapes)
        sizes.update((name, size) for name in node.output)
    return False


def _size(node: onnx.NodeProto, given: list[int], shapes: Mapping[str, list[int]]) -> int:
    if node.op_type == "Constant":
        return max((_of_attribute(each) for each in node.attribute), default=0)
    if node.op_type in {"Shape", "Size"} and node.input:
        shape = [dim for dim in shapes.get(node.input[0], ()) if dim > 0]
        return max(shape, default=0) if node.op_type == "Shape" else prod(shape)
    rule = _RULES.get(node.op_type)
    return min(rule(given), _LONG**2) if rule is not None and given else 0


def _of_attribute(attribute: onnx.AttributeProto) -> int:
    largest = _largest(attribute.t) if attribute.HasField("t") else 0
    return max(largest, *(abs(int(each)) for each in (attribute.i, *attribute.ints)))


def _largest(tensor: onnx.TensorProto) -> int:
    if tensor.data_type not in _INTEGERS or prod(tensor.dims) > _SMALL:
        return 0
    return max((abs(int(each)) for each in numpy_helper.to_array(tensor).ravel()), default=0)


def _product(given: list[int]) -> int:
    return prod(given)


def _sum(given: list[int]) -> int:
    return sum(given)


def _first(given: list[int]) -> int:
    return given[0]


_LENGTHS = {
    "ConstantOfShape": (0,),
    "Range": (0, 1),
    **dict.fromkeys(("Expand", "OneHot", "Pad", "Reshape", "Tile", "CenterCropPad"), (1,)),
    **dict.fromkeys(("Col2Im", "MaxUnpool", "Resize", "Upsample"), (1, 2, 3)),
}
"""The inputs of operators whose numbers become lengths of axes."""

_RULES: dict[str, Callable[[list[int]], int]] = {
    "Mul": _product,
    **dict.fromkeys(("Add", "Sub"), _sum),
    **dict.fromkeys(("Div", "Gather", "Mod", "Slice", "Split", "Squeeze", "Unsqueeze"), _first),
    **dict.fromkeys(("Abs", "Cast", "Concat", "Identity", "Max", "Min", "Neg", "Where"), max),
}
