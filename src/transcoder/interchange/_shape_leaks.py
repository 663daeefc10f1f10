"""Shapes of the head's tensors that the tail needs, and how it finds them by itself."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeAlias, final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from transcoder.interchange._axes import RawAxis, are_equal
from transcoder.interchange._cut_nouns import ShapeLeak
from transcoder.interchange._dataflow import Dataflow
from transcoder.interchange._flow import Flow
from transcoder.interchange._nested import DEFAULT_DOMAINS
from transcoder.interchange._tensor_types import TensorType
from transcoder.vocabulary import Array

_SMALL = 64
_INTEGERS = frozenset({TensorProto.INT32, TensorProto.INT64})
_FAR = 2**31 - 1

Length: TypeAlias = tuple[str, int]
"""A length of an axis: ("axis", position in the cut tensor) or ("number", the length)."""

_UNUSED: Length = ("number", 1)


@final
@dataclass(frozen=True, slots=True)
class ShapePasses:
    """Find out what the tail of a cut needs of shapes, for one graph after another cut.

    Attributes:
        flow: The graph and its ways.
        types: What is known of its values.
        needed: Live values whose shape is taken, each with the axes that anything looks at;
            None where these are not known.
        taken: Names in the graph.
    """

    flow: Flow
    types: Mapping[str, TensorType | None]
    needed: Mapping[int, set[int] | None]
    taken: Collection[str]

    def leaks_over(self, cuts: list[int]) -> Iterator[tuple[ShapeLeak, ...]]:
        """Find, for each of some cuts in order, the shapes that leak over it.

        Ensures: the work is that of what it finds, not of all pairs.
        """
        for cut, values in zip(cuts, _sweep(self.flow, cuts), strict=True):
            yield tuple(self._leak(value, cut) for value in sorted(values))

    def crossing_name(self, value: int) -> str:
        """What the head calls the shape of a value where it gives it to the tail."""
        name = f"{self.flow.dataflow.names[value]}.shape"
        while name in self.taken:
            name += "_"
        return name

    def lengths(self, value: int, cut: int) -> tuple[Length, ...] | None:
        """Say how each length of a value's shape follows from the cut tensor.

        Returns:
            One per axis; None where one that is needed does not follow.
        """
        given, at_hand = self._axes(value), self._axes(cut)
        needed = self.needed[value]
        if given is None or at_hand is None or needed is None:
            return None
        found: list[Length] = []
        for position, axis in enumerate(given):
            length = _length(axis, at_hand) if position in needed else _UNUSED
            if length is None:
                return None
            found.append(length)
        return tuple(found)

    def _leak(self, value: int, cut: int) -> ShapeLeak:
        return ShapeLeak(
            tensor=self.flow.dataflow.names[value],
            value=self.crossing_name(value),
            is_recomputed=self.lengths(value, cut) is not None,
        )

    def _axes(self, value: int) -> tuple[RawAxis, ...] | None:
        known = self.types.get(self.flow.dataflow.names[value])
        return known.axes if known is not None else None


def shape_passes(
    flow: Flow, types: Mapping[str, TensorType | None], taken: Collection[str]
) -> ShapePasses:
    """Make the passes for one graph; each reader and constant is looked at once.

    Args:
        flow: The graph and its ways.
        types: What is known of its values.
        taken: Names in the graph and its bodies.
    """
    data = flow.dataflow
    readers: dict[int, list[int]] = defaultdict(list)
    for node, read in enumerate(data.reads):
        for value in read:
            readers[value].append(node)
    constants = _small_constants(data)
    needed: dict[int, set[int] | None] = {}
    for node, value in flow.shape_uses():
        known = types.get(data.names[value])
        rank = len(known.axes) if known is not None and known.axes is not None else None
        if rank is None:
            needed[value] = None
            continue
        reading = readers[data.gives[node][0]]
        more = _looked_at(data, node, readers=reading, constants=constants, rank=rank)
        needed[value] = more | (needed.get(value) or set())
    return ShapePasses(flow, types, needed, taken)


def _sweep(flow: Flow, cuts: list[int]) -> Iterator[list[int]]:
    closing: dict[int, int] = {}
    for node, value in flow.shape_uses():
        last = flow.last_use[flow.dataflow.gives[node][0]]
        closing[value] = max(closing.get(value, -1), last)
    opening = sorted(
        ((flow.available[v], last, v) for v, last in closing.items()), reverse=True
    )
    active: list[tuple[int, int]] = []
    for cut in cuts:
        place = flow.places[cut]
        while opening and opening[-1][0] < place:
            _, closes, value = opening.pop()
            heappush(active, (closes, value))
        while active and active[0][0] <= place:
            heappop(active)
        yield [value for _, value in active]


def recomputing_nodes(
    node: onnx.NodeProto, cut: str, lengths: tuple[Length, ...], fresh: Callable[[str], str]
) -> list[onnx.NodeProto]:
    """Write the nodes by which the tail finds a shape from the cut tensor.

    Ensures: the last one gives what the Shape or Size node gave, under the same name.

    Args:
        node: The Shape or Size node that they stand for.
        cut: The name of the cut tensor.
        lengths: As `ShapePasses.lengths` says.
        fresh: Makes a name that is not taken yet out of a wish.
    """
    lengths = lengths[_bounds(node)]
    out = node.output[0]
    numbers = [length for kind, length in lengths if kind == "number"]
    pool, axes, joined, order = (
        fresh(f"{out}.{each}") for each in ("numbers", "axes", "joined", "order")
    )
    made = [_constant(pool, numbers)]
    if len(numbers) < len(lengths):
        made.append(helper.make_node("Shape", [cut], [axes]))
        made.append(helper.make_node("Concat", [pool, axes], [joined], axis=0))
        pool = joined
    places = iter(range(len(numbers)))
    picked = [len(numbers) + n if kind == "axis" else next(places) for kind, n in lengths]
    vector = out if node.op_type == "Shape" else fresh(f"{out}.vector")
    made.append(_constant(order, picked))
    made.append(helper.make_node("Gather", [pool, order], [vector], axis=0))
    return made if vector == out else [*made, _product(vector, out)]


def crossing_nodes(
    node: onnx.NodeProto, shape: str, fresh: Callable[[str], str]
) -> list[onnx.NodeProto]:
    """Write the nodes by which the tail finds what a node gave from the shape it is given.

    Args:
        node: The Shape or Size node that they stand for.
        shape: The name of the whole shape, int64 (axes,).
        fresh: Makes a name that is not taken yet out of a wish.
    """
    out, bounds = node.output[0], _bounds(node)
    if node.op_type == "Size":
        return [_product(shape, out)]
    if bounds == slice(0, None):
        return [helper.make_node("Identity", [shape], [out])]
    start, end = fresh(f"{out}.start"), fresh(f"{out}.end")
    stop = _FAR if bounds.stop is None else bounds.stop
    return [
        _constant(start, [bounds.start]),
        _constant(end, [stop]),
        helper.make_node("Slice", [shape, start, end], [out]),
    ]


def _product(vector: str, out: str) -> onnx.NodeProto:
    return helper.make_node("ReduceProd", [vector], [out], keepdims=0)


def _bounds(node: onnx.NodeProto) -> slice:
    """The axes that a Shape node takes, https://onnx.ai/onnx/operators/onnx__Shape.html."""
    said = {each.name: int(each.i) for each in node.attribute}
    return slice(said.get("start", 0), said.get("end"))


def _looked_at(
    data: Dataflow,
    node: int,
    *,
    readers: list[int],
    constants: Mapping[str, Array],
    rank: int,
) -> set[int]:
    """Find the axes of a value that anything looks at in the shape that a node takes of it."""
    axes = range(rank)[_bounds(data.nodes[node])]
    shape = data.gives[node][0]
    if data.nodes[node].op_type != "Shape" or shape in data.outputs:
        return set(range(rank))
    found: set[int] = set()
    for reader in readers:
        picked = _picked(data.nodes[reader], data.names[shape], constants, len(axes))
        found |= set(axes) if picked is None else {axes[each] for each in picked}
    return found


def _picked(
    node: onnx.NodeProto, shape: str, constants: Mapping[str, Array], rank: int
) -> set[int] | None:
    """Find the entries that a Gather or a Slice takes; None where it may be any."""
    pick = _PICKS.get(node.op_type) if node.domain in DEFAULT_DOMAINS else None
    if pick is None or node.input[0] != shape:
        return None
    given = [constants.get(name) for name in node.input[1:]]
    found = [each for each in given if each is not None]
    return pick(found, rank) if found and len(found) == len(given) else None


def _constant(name: str, numbers: list[int]) -> onnx.NodeProto:
    value = numpy_helper.from_array(np.array(numbers, np.int64))
    return helper.make_node("Constant", [], [name], value=value)


def _length(axis: RawAxis, at_hand: tuple[RawAxis, ...]) -> Length | None:
    if isinstance(axis, int):
        return ("number", axis)
    for position, other in enumerate(at_hand):
        if are_equal(axis, other):
            return ("axis", position)
    return None


def _small_constants(flow: Dataflow) -> dict[str, Array]:
    tensors = dict(flow.initializers)
    for node in flow.nodes:
        if node.op_type == "Constant" and node.domain in DEFAULT_DOMAINS and node.attribute:
            attribute = node.attribute[0]
            if attribute.HasField("t"):
                tensors[node.output[0]] = attribute.t
            elif attribute.name in {"value_int", "value_ints"}:
                numbers = list(attribute.ints) or [attribute.i]
                tensors[node.output[0]] = helper.make_tensor(
                    "", TensorProto.INT64, [len(numbers)], numbers
                )
    return {
        name: numpy_helper.to_array(tensor)
        for name, tensor in tensors.items()
        if tensor.data_type in _INTEGERS and int(np.prod(list(tensor.dims))) <= _SMALL
    }


def _gathered(given: list[Array], rank: int) -> set[int]:
    return {int(each) % rank for each in given[0].ravel()} if rank else set()


def _sliced(given: list[Array], rank: int) -> set[int]:
    start, end = int(given[0].ravel()[0]), int(given[1].ravel()[0])
    step = int(given[3].ravel()[0]) if len(given) == 4 else 1  # noqa: PLR2004 # data, starts, ends, axes, steps
    return set(range(rank)[start:end:step])


_PICKS = {"Gather": _gathered, "Slice": _sliced}
