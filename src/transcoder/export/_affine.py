"""A closed form as an ONNX file: a few nodes, written as they are."""

from collections.abc import Callable, Sequence
from typing import final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor

from transcoder.adapters import End, Meeting, end_of, meeting_of
from transcoder.errors import AdapterMismatchError
from transcoder.export._adapter import IR_VERSION, OPSET, Exported
from transcoder.export._names import GraphNames, graph_names
from transcoder.export._tidy import tidy
from transcoder.export._verify import at_two_sizes, verify
from transcoder.vocabulary import Array, Spec, TensorSpec

_OPEN = 3
"""Length of open axes in the example with which a file is checked."""


def export_affine(
    weight: NDArray[np.floating],
    bias: NDArray[np.floating],
    source: Spec,
    target: Spec,
    *,
    rank: int | None = None,
) -> Exported:
    """Export `x @ weight + bias`, by vectors or over a sequence's mean, and check the file.

    Padding changes nothing and comes out as zero. A weight of low rank becomes two smaller
    ones, where they are smaller together.

    Args:
        weight: (source dim, target dim).
        bias: (target dim,).
        source: A vector or a sequence of the source dim.
        target: A vector, or a sequence of equal length, of the target dim.
        rank: Of the weight, where it is known to be low.

    Raises:
        AdapterMismatchError: If the specs are not of that form.
        ExportMismatchError: If the file does not compute the same.
    """
    given, wanted = end_of(source), end_of(target)
    meeting = meeting_of(given, wanted)
    if (given.dim, wanted.dim) != weight.shape or meeting is Meeting.FREE:
        reason = f"its weight is {weight.shape[0]} by {weight.shape[1]}, for {meeting.value}"
        raise AdapterMismatchError("affine", str(source), str(target), reason)
    names = graph_names(source, target)
    factors = [np.asarray(each, np.float32) for each in _factors(weight, rank)]
    shift = np.asarray(bias, np.float32)
    sketch = _Sketch(names, given, wanted)
    content = tidy(sketch.model(factors, shift), names, source, target)
    examples = {
        name: _example(each) for name, each in zip(names.inputs, source.tensors, strict=True)
    }
    axes = [each.axes for each in source.tensors]
    verify(content, _formula(factors, shift, given, wanted), at_two_sizes(examples, axes))
    return Exported(content, names.names)


@final
class _Sketch:
    """A graph that is being written.

    Args:
        names: Of its inputs and outputs.
        source: What comes in.
        target: What goes out.
    """

    def __init__(self, names: GraphNames, source: End, target: End) -> None:
        self._names, self._source, self._target = names, source, target
        self._nodes: list[NodeProto] = []
        self._arrays: dict[str, NDArray[np.generic]] = {}

    def model(
        self, factors: Sequence[NDArray[np.generic]], bias: NDArray[np.generic]
    ) -> onnx.ModelProto:
        """Write everything that computes the outputs."""
        exists = self._exists() if self._source.has_mask else None
        value = self._names.inputs[0]
        if self._source.is_sequence and not self._target.is_sequence:
            value = self._pooled(value, exists)
        for place, factor in enumerate(factors, start=1):
            self._arrays[f"weight{place}"] = factor
            value = self._node("MatMul", value, f"weight{place}")
        self._arrays["bias"] = bias
        value = self._node("Add", value, "bias")
        if self._target.is_sequence and exists is not None:
            value = self._node("Mul", value, exists)
        self._nodes[-1].output[0] = self._names.outputs[0]
        if self._target.has_mask:
            self._write_mask(self._names.outputs[0])
        graph = helper.make_graph(
            self._nodes,
            "affine",
            [_info(name, at) for at, name in enumerate(self._names.inputs)],
            [_info(name, at) for at, name in enumerate(self._names.outputs)],
            [numpy_helper.from_array(array, name) for name, array in self._arrays.items()],
        )
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def _node(self, operator: str, *inputs: str, **attributes: int) -> str:
        made = f"{operator}_{len(self._nodes)}"
        node = helper.make_node(operator, inputs, [made])
        node.attribute.extend(helper.make_attribute(*each) for each in attributes.items())
        self._nodes.append(node)
        return made

    def _exists(self) -> str:
        """Write 1 for each position that exists and 0 for padding, (batch, time, 1)."""
        self._arrays["last"] = np.array([-1])
        numbers = self._node("Cast", self._names.inputs[1], to=TensorProto.FLOAT)
        return self._node("Unsqueeze", numbers, "last")

    def _pooled(self, sequence: str, exists: str | None) -> str:
        """Write the mean over the positions that exist, (batch, dim)."""
        self._arrays["time"] = np.array([1])
        if exists is None:
            return self._node("ReduceMean", sequence, "time", keepdims=0)
        self._arrays["one"] = np.ones(1, np.float32)
        kept = self._node("Mul", sequence, exists)
        total = self._node("ReduceSum", kept, "time", keepdims=0)
        count = self._node("ReduceSum", exists, "time", keepdims=0)
        return self._node("Div", total, self._node("Max", count, "one"))

    def _write_mask(self, sequence: str) -> None:
        """Pass the source's mask on, or say that all positions exist."""
        if self._source.has_mask:
            self._node("Identity", self._names.inputs[1])
        else:
            true = numpy_helper.from_array(np.array([True]))
            shape = self._node("Shape", sequence, start=0, end=2)
            made = helper.make_node("ConstantOfShape", [shape], ["all"], value=true)
            self._nodes.append(made)
        self._nodes[-1].output[0] = self._names.outputs[1]


def _factors(weight: NDArray[np.floating], rank: int | None) -> Sequence[NDArray[np.floating]]:
    """Split a weight by its largest singular values, in shares of equal size."""
    rows, columns = weight.shape
    if rank is None or rank * (rows + columns) >= rows * columns:
        return [weight]
    left, values, right = np.linalg.svd(np.asarray(weight, np.float64), full_matrices=False)
    shares = np.sqrt(values[:rank])
    return [left[:, :rank] * shares, shares[:, None] * right[:rank]]


def _info(name: str, at: int) -> onnx.ValueInfoProto:
    """Declare the numbers, which come first, or the mask."""
    return helper.make_tensor_value_info(
        name, TensorProto.BOOL if at else TensorProto.FLOAT, []
    )


def _formula(
    factors: Sequence[NDArray[np.float32]], bias: NDArray[np.float32], source: End, target: End
) -> Callable[[Sequence[Tensor]], Sequence[Tensor]]:
    """Give in torch what the file must compute."""

    def run(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        value = tensors[0]
        exists = tensors[1] if source.has_mask else torch.ones(value.shape[:2]).bool()
        if source.is_sequence and not target.is_sequence:
            value = (value * exists[..., None]).sum(dim=1)
            value = value / exists.sum(dim=1, keepdim=True).clamp(min=1)
        for factor in factors:
            value = value @ torch.from_numpy(factor)
        value = value + torch.from_numpy(bias)
        if target.is_sequence:
            value = value * exists[..., None]
        return [value, exists] if target.has_mask else [value]

    return run


def _example(given: TensorSpec) -> Array:
    """Draw an input; the second position of a sequence is the last that exists."""
    shape = tuple(axis if isinstance(axis, int) else _OPEN for axis in given.axes)
    if given.dtype == "bool":
        return np.broadcast_to(np.arange(shape[1]) < _OPEN - 1, shape).copy()
    return np.random.default_rng(0).standard_normal(shape).astype(given.dtype)
