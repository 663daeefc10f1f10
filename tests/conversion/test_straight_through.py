"""Quantized networks: the same outputs, and gradients through rounding where asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization
from torch import Tensor

from tests.conversion.test_types import typed_model
from transcoder.conversion import OnnxModule, Reach, explain_gradients, to_torch

STEPS: Mapping[str, NDArray[np.generic]] = {
    "s": np.array(0.5, np.float32),
    "z": np.array(2, np.int8),
}
ROW = np.array([-70.0, -1.3, 0.2, 5.0, 90.0], np.float32)
FLOAT = {"x": TensorProto.FLOAT}


def gradient(module: OnnxModule, value: Tensor) -> Tensor:
    value = value.clone().requires_grad_()
    (result,) = torch.autograd.grad(module(value).sum(), value)
    return result


def quantize_and_back(*between: onnx.NodeProto, last: str = "q") -> onnx.ModelProto:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        *between,
        helper.make_node("DequantizeLinear", [last, "s", "z"], ["y"]),
    ]
    return typed_model(nodes, FLOAT, "y", weights=STEPS)


def test_gradients_pass_rounding_and_stop_where_it_saturates() -> None:
    model = quantize_and_back()
    module = to_torch(model, straight_through=True)
    value = torch.from_numpy(ROW)
    assert torch.equal(module(value), to_torch(model)(value))
    assert gradient(module, value).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_gradients_stop_where_nobody_asks_for_them() -> None:
    assert not to_torch(quantize_and_back())(
        torch.from_numpy(ROW).requires_grad_()
    ).requires_grad


@pytest.mark.parametrize("operator", ["Transpose", "Identity", "Flatten"])
def test_what_moves_steps_about_lets_gradients_pass(operator: str) -> None:
    model = quantize_and_back(helper.make_node(operator, ["q"], ["r"]), last="r")
    value = torch.from_numpy(ROW).reshape(1, 5)
    module = to_torch(model, straight_through=True)
    assert torch.equal(module(value), to_torch(model)(value))
    assert gradient(module, value).tolist() == [[0.0, 1.0, 1.0, 1.0, 0.0]]


def test_integers_come_out_as_integers() -> None:
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])]
    model = typed_model(nodes, FLOAT, "y", weights=STEPS)
    given = to_torch(model, straight_through=True)(torch.from_numpy(ROW))
    assert given.dtype is torch.int8
    assert torch.equal(given, to_torch(model)(torch.from_numpy(ROW)))


def test_a_branch_reads_integers_from_around_it() -> None:
    def body(name: str, operator: str) -> onnx.GraphProto:
        node = helper.make_node(operator, ["q", "q"], [name])
        return helper.make_graph(
            [node], name, [], [helper.make_value_info(name, onnx.TypeProto())]
        )

    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node(
            "If", ["c"], ["r"], then_branch=body("a", "Add"), else_branch=body("b", "Sub")
        ),
        helper.make_node("Cast", ["r"], ["y"], to=TensorProto.FLOAT),
    ]
    model = typed_model(nodes, FLOAT | {"c": TensorProto.BOOL}, "y", weights=STEPS)
    value, yes = torch.from_numpy(ROW), torch.tensor(True)  # noqa: FBT003  # torch has no keyword
    given = to_torch(model, straight_through=True)(value, yes)
    assert torch.equal(given, to_torch(model)(value, yes))


def convolution() -> onnx.ModelProto:
    """QLinearConv, pooled, then QLinearMatMul."""
    random = np.random.default_rng(0)
    kernel = random.integers(-9, 9, (3, 2, 3, 3)).astype(np.int8)
    matrix = random.integers(-9, 9, (3, 4)).astype(np.int8)
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("QLinearConv", ["q", "s", "z", "k", "s", "zero", "wide", "z"], ["c"]),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Transpose", ["p"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node(
            "QLinearMatMul", ["t", "wide", "z", "m", "s", "zero", "wider", "z"], ["r"]
        ),
        helper.make_node("DequantizeLinear", ["r", "wider", "z"], ["y"]),
    ]
    weights = {
        **STEPS, "k": kernel, "m": matrix, "zero": np.array(0, np.int8),
        "wide": np.array(0.5, np.float32), "wider": np.array(4, np.float32),
    }  # fmt: skip
    return typed_model(nodes, FLOAT, "y", weights=weights, domains={"": 21})


def test_quantized_operators_have_the_gradient_of_the_real_ones() -> None:
    model = convolution()
    module = to_torch(model, straight_through=True)
    value = torch.from_numpy(np.random.default_rng(1).standard_normal((2, 2, 8, 8)))
    value = value.to(torch.float32)
    assert torch.equal(module(value), to_torch(model)(value))
    arrays = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    kernel, matrix = (torch.tensor(arrays[name] * 0.5, dtype=torch.float32) for name in "km")

    def real(given: Tensor) -> Tensor:
        steps = to_torch(quantize_and_back())(given.detach())
        sums = torch.conv2d(given + (steps - given).detach(), kernel)
        pooled = torch.max_pool2d(sums, 2, 2)
        return pooled.permute(0, 2, 3, 1) @ matrix

    leaf = value.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(real(leaf).sum(), leaf)
    found = gradient(module, value)
    assert torch.nn.functional.cosine_similarity(found.ravel(), wanted.ravel(), 0) > 0.98


def mlp(folder: Path) -> Path:
    random = np.random.default_rng(0)
    shapes = {"w1": (8, 16), "w2": (16, 4)}
    weights = {
        name: (random.standard_normal(shape) / 3).astype(np.float32)
        for name, shape in shapes.items()
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array(each, name) for name, each in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = folder / "mlp.onnx"
    onnx.save(model, path)
    return path


class Rows(quantization.CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    def __init__(self) -> None:
        random = np.random.default_rng(1)
        self._rows = iter([{"x": random.standard_normal((16, 8)).astype(np.float32)}] * 4)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._rows, None)


def dynamic(source: Path, to: Path) -> None:
    quantization.quantize_dynamic(source, to)


def static(form: quantization.QuantFormat) -> Callable[[Path, Path], None]:
    return lambda source, to: quantization.quantize_static(
        source, to, Rows(), quant_format=form
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "quantize",
    [dynamic, static(quantization.QuantFormat.QDQ), static(quantization.QuantFormat.QOperator)],
)
def test_networks_quantized_by_onnxruntime_pass_nearly_the_gradients_of_the_originals(
    quantize: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    source, to = mlp(tmp_path), tmp_path / "quantized.onnx"
    quantize(source, to)
    content = to.read_bytes()
    module = to_torch(content, straight_through=True)
    value = torch.from_numpy(np.random.default_rng(2).standard_normal((16, 8)))
    value = value.to(torch.float32)
    assert torch.equal(module(value), to_torch(content)(value))
    wanted = gradient(to_torch(source.read_bytes()), value)
    found = gradient(module, value)
    assert torch.nn.functional.cosine_similarity(found.ravel(), wanted.ravel(), 0) > 0.97
    assert explain_gradients(content).flow("y", "x").reach is Reach.NOTHING
    asked = explain_gradients(content, straight_through=True)
    assert asked.flow("y", "x").reach is Reach.GRADIENTS


def test_a_straight_through_module_is_saved_and_read_back() -> None:
    module = to_torch(quantize_and_back(), straight_through=True)
    again = OnnxModule.from_onnx(module.to_onnx())
    value = torch.from_numpy(ROW)
    assert torch.equal(gradient(again, value), gradient(module, value))
