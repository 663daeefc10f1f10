"""ONNX files of a few nodes, whole and broken ones."""

from collections.abc import Sequence

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

Axis = str | int | None


def tiny_model(
    inputs: Sequence[Axis] = ("batch", 8), outputs: Sequence[Axis] = ("batch", 4)
) -> ModelProto:
    """`y = x @ weight`, with the given axes at its ends."""
    weight = numpy_helper.from_array(np.ones((8, 4), np.float32), "weight")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, outputs)],
        [weight],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def serialized(model: ModelProto) -> bytes:
    """The bytes of its file."""
    return bytes(model.SerializeToString())
