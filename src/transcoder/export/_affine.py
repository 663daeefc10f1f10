"""A closed form as an ONNX file: two nodes, written as they are."""

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor

from transcoder.errors import AdapterMismatchError
from transcoder.export._adapter import IR_VERSION, OPSET, Exported
from transcoder.export._names import GraphNames, graph_names
from transcoder.export._tidy import tidy
from transcoder.export._verify import at_two_sizes, verify
from transcoder.vocabulary import Spec, TensorSpec


def export_affine(
    weight: NDArray[np.floating],
    bias: NDArray[np.floating],
    source: Spec,
    target: Spec,
    *,
    rank: int | None = None,
) -> Exported:
    """Export `x @ weight + bias` over the last axis, and check the file.

    A weight of low rank becomes two smaller ones, where they are smaller together.

    Args:
        weight: (source dim, target dim).
        bias: (target dim,).
        source: One floating tensor whose last axis is the source dim.
        target: One floating tensor whose last axis is the target dim.
        rank: Of the weight, where it is known to be low.

    Raises:
        AdapterMismatchError: If the specs are not of that form.
        ExportMismatchError: If the file does not compute the same.
    """
    given, wanted = source.tensors[0], target.tensors[0]
    widths = (given.axes[-1], wanted.axes[-1])
    if len(source.tensors) > 1 or len(target.tensors) > 1 or widths != weight.shape:
        reason = f"its weight is {weight.shape[0]} by {weight.shape[1]}"
        raise AdapterMismatchError("affine", str(source), str(target), reason)
    names = graph_names(source, target)
    dtype = np.dtype(given.dtype)
    factors = [np.asarray(each, dtype) for each in _factors(weight, rank)]
    shift = np.asarray(bias, dtype)
    content = tidy(_model(factors, shift, names), names, source, target)

    def run(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        turned = tensors[0]
        for factor in factors:
            turned = turned @ torch.from_numpy(factor)
        return [turned + torch.from_numpy(shift)]

    verify(content, run, at_two_sizes({names.inputs[0]: _example(given)}, [given.axes]))
    return Exported(content, names.names)


def _factors(weight: NDArray[np.floating], rank: int | None) -> Sequence[NDArray[np.floating]]:
    """Split a weight by its largest singular values, in shares of equal size."""
    rows, columns = weight.shape
    if rank is None or rank * (rows + columns) >= rows * columns:
        return [weight]
    left, values, right = np.linalg.svd(np.asarray(weight, np.float64), full_matrices=False)
    shares = np.sqrt(values[:rank])
    return [left[:, :rank] * shares, shares[:, None] * right[:rank]]


def _model(
    factors: Sequence[NDArray[np.generic]], bias: NDArray[np.generic], names: GraphNames
) -> onnx.ModelProto:
    (source,), (target,) = names.inputs, names.outputs
    element = helper.np_dtype_to_tensor_dtype(bias.dtype)
    parts = {
        "weight" if not place else f"weight{place + 1}": each
        for place, each in enumerate(factors)
    }
    nodes, turned = [], source
    for name in parts:
        nodes.append(helper.make_node("MatMul", [turned, name], [f"by_{name}"]))
        turned = f"by_{name}"
    nodes.append(helper.make_node("Add", [turned, "bias"], [target]))
    graph = helper.make_graph(
        nodes,
        "affine",
        [helper.make_tensor_value_info(source, element, [])],
        [helper.make_tensor_value_info(target, element, [])],
        [
            numpy_helper.from_array(array, name)
            for name, array in {**parts, "bias": bias}.items()
        ],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _example(given: TensorSpec) -> NDArray[np.generic]:
    shape = tuple(axis if isinstance(axis, int) else 3 for axis in given.axes)
    return np.random.default_rng(0).standard_normal(shape).astype(given.dtype)
