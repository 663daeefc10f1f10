"""A checked model with all that the passes over it need, for one notion of cutting."""

from dataclasses import dataclass
from itertools import accumulate
from typing import final

import onnx

from transcoder.errors import UnknownNameError
from transcoder.interchange._cut_nouns import UNKNOWN_DTYPE, Cut, FromInput, Notion, ToOutput
from transcoder.interchange._dataflow import Dataflow, dataflow_of
from transcoder.interchange._flow import Flow
from transcoder.interchange._naming import all_names
from transcoder.interchange._parsing import load_checked
from transcoder.interchange._shape_leaks import ShapePasses, shape_passes
from transcoder.interchange._tensor_types import TensorType, tensor_types


@final
@dataclass(frozen=True, slots=True)
class Network:
    """One model under one notion.

    Attributes:
        model: Checked; nobody changes it.
        dataflow: Its graph in numbers.
        types: What is known of its values.
        flow: Where values pass.
        shapes: What a tail needs of shapes.
    """

    model: onnx.ModelProto
    dataflow: Dataflow
    types: dict[str, TensorType | None]
    flow: Flow
    shapes: ShapePasses

    def viewed(self, notion: Notion) -> "Network":
        """The same model under another notion."""
        flow = _flow_of(self.dataflow, notion)
        shapes = shape_passes(flow, self.types, self.shapes.taken)
        return Network(self.model, self.dataflow, self.types, flow, shapes)

    def tensor_cuts(self) -> list[int]:
        """Find the values at which it can be cut, but sequences, maps and optionals."""
        return [
            each
            for each in self.flow.candidates()
            if self.types.get(self.dataflow.names[each], TensorType()) is not None
        ]

    def describe(self, cuts: list[int]) -> list[Cut]:
        """Describe the cuts at some values, in order."""
        flow, names = self.flow, self.dataflow.names
        before, after = self._parameters()
        sides = [each for each in self.dataflow.inputs if each not in flow.roots]
        described = []
        for cut, leaks in zip(cuts, self.shapes.leaks_over(cuts), strict=True):
            known = self.types.get(names[cut]) or TensorType()
            place = flow.places[cut]
            described.append(
                Cut(
                    tensor=names[cut],
                    dtype=known.dtype,
                    axes=known.shown_axes,
                    depth=flow.depths[cut],
                    parameters_before=before[place],
                    parameters_after=after[place],
                    side_inputs=tuple(
                        names[each] for each in sides if flow.last_use[each] > place
                    ),
                    shape_leaks=leaks,
                )
            )
        return described

    def _parameters(self) -> tuple[list[int], list[int]]:
        """Count, for each place, the parameters used up to it and behind it."""
        flow, data = self.flow, self.dataflow
        begins, ends = [0] * (flow.end + 2), [0] * (flow.end + 2)
        total = 0
        uses = [(n, flow.first_use[v], flow.last_use[v]) for v, n in data.sizes.items()]
        uses += [(size, *flow.uses_of_node(node)) for node, size in enumerate(data.inner_sizes)]
        for size, first, last in uses:
            if size and last >= 0:
                begins[first] += size
                ends[last] += size
                total += size
        return list(accumulate(begins)), [total - each for each in accumulate(ends)]


def read_network(model: bytes | onnx.ModelProto, notion: Notion, name: str) -> Network:
    """Check a model and look at it under one notion.

    Raises:
        InvalidModelError: If it is no model that can be used.
        UnknownNameError: If the notion names an input or output that it does not have.
    """
    checked = load_checked(model, name)
    data = dataflow_of(checked)
    flow, types = _flow_of(data, notion), tensor_types(checked)
    shapes = shape_passes(flow, types, all_names(checked))
    return Network(checked, data, types, flow, shapes)


def is_latent(cut: Cut) -> bool:
    """Say whether a cut can be a latent; of an unknown dtype nobody can say no."""
    return cut.is_floating or cut.dtype == UNKNOWN_DTYPE


def _flow_of(data: Dataflow, notion: Notion) -> Flow:
    match notion:
        case FromInput(name):
            return Flow(data, [_number(data, "input", name, data.inputs)], data.outputs)
        case ToOutput(name):
            return Flow(data, data.inputs, [_number(data, "output", name, data.outputs)])
        case _:
            return Flow(data, data.inputs, data.outputs)


def _number(data: Dataflow, what: str, name: str, among: tuple[int, ...]) -> int:
    known = data.named(among)
    if name not in known:
        raise UnknownNameError(f"{what} of the graph", name, known)
    return data.numbers[name]
