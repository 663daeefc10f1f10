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
    weight: NDArray[np.floating], bias: NDArray[np.floating], source: Spec, target: Spec
) -> Exported:
    """Export `x @ weight + bias` over the last axis, and check the file.

    Args:
        weight: (source dim, target dim).
        bias: (target dim,).
        source: One floating tensor whose last axis is the source dim.
        target: One floating tensor whose last axis is the target dim.

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
    parts = {"weight": np.asarray(weight, dtype), "bias": np.asarray(bias, dtype)}
    content = tidy(_model(parts, names), names, source, target)

    def run(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        return [
            tensors[0] @ torch.from_numpy(parts["weight"]) + torch.from_numpy(parts["bias"])
        ]

    verify(content, run, at_two_sizes({names.inputs[0]: _example(given)}, [given.axes]))
    return Exported(content, names.names)


def _model(parts: dict[str, NDArray[np.generic]], names: GraphNames) -> onnx.ModelProto:
    (source,), (target,) = names.inputs, names.outputs
    element = helper.np_dtype_to_tensor_dtype(parts["bias"].dtype)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", [source, "weight"], ["turned"]),
            helper.make_node("Add", ["turned", "bias"], [target]),
        ],
        "affine",
        [helper.make_tensor_value_info(source, element, [])],
        [helper.make_tensor_value_info(target, element, [])],
        [numpy_helper.from_array(array, name) for name, array in parts.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _example(given: TensorSpec) -> NDArray[np.generic]:
    shape = tuple(axis if isinstance(axis, int) else 3 for axis in given.axes)
    return np.random.default_rng(0).standard_normal(shape).astype(given.dtype)
