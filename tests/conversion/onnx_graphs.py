"""Small ONNX graphs built in code."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Arrays = Mapping[str, NDArray[np.generic]]


def graph_model(
    nodes: Sequence[onnx.NodeProto], inputs: Arrays, outputs: Sequence[str],
    *, weights: Arrays | None = None, opset: int = 20,
) -> bytes:  # fmt: skip
    """Write a graph whose inputs are like the given arrays, of any length on every axis."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), [None] * array.ndim
            )
            for name, array in inputs.items()
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [
            numpy_helper.from_array(np.asarray(array), name)
            for name, array in (weights or {}).items()
        ],
    )
    for value in graph.output:
        value.type.tensor_type.ClearField("elem_type")
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 9
    return bytes(model.SerializeToString())


def run_onnxruntime(content: bytes, inputs: Arrays) -> list[NDArray[np.float32]]:
    """Run a file with ONNX Runtime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(inputs)))
