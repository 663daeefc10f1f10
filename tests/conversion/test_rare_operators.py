"""Operators that few networks have: numbers by ONNX Runtime, gradients by differences."""

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tests.conversion.onnx_graphs import graph_model, run_onnxruntime
from transcoder.conversion import to_torch
from transcoder.errors import ConversionError

RNG = np.random.default_rng(0)


def normal(*shape: int) -> NDArray[np.float32]:
    """Make normal numbers."""
    return RNG.standard_normal(shape).astype(np.float32)


REGIONS = np.array([[0.3, 0.2, 4.1, 5.2], [2.0, 1.0, 7.5, 6.0]], np.float32)
WEIGHTS: dict[str, dict[str, NDArray[np.generic]]] = {
    "Col2Im": {"l": np.array([5, 4]), "k": np.array([2, 2])},
    "DeformConv": {"w": normal(2, 2, 2, 2), "o": normal(1, 8, 6, 7)},
    "DFT": {"n": np.array(9), "a": np.array(1)},
    "MaxRoiPool": {"r": np.concatenate([np.zeros((2, 1), np.float32), REGIONS], 1)},
    "RoiAlign": {"r": REGIONS, "b": np.array([0, 0])},
    "STFT": {"s": np.array(2), "w": np.abs(normal(4))},
    "Unique": {},
}
SHAPES: dict[str, tuple[int, ...]] = {
    "Col2Im": (1, 8, 12), "DeformConv": (1, 2, 7, 8), "DFT": (1, 6, 1),
    "MaxRoiPool": (1, 2, 7, 8), "RoiAlign": (1, 2, 7, 8), "STFT": (1, 9, 1), "Unique": (6,),
}  # fmt: skip
ATTRIBUTES: dict[str, dict[str, object]] = {
    "MaxRoiPool": {"pooled_shape": [2, 3]},
    "RoiAlign": {"output_height": 2, "output_width": 3},
}


def model_of(operator: str) -> tuple[bytes, NDArray[np.float32]]:
    """Write one node on a random input."""
    value = normal(*SHAPES[operator])
    node = helper.make_node(
        operator, ["x", *WEIGHTS[operator]], ["y"], **ATTRIBUTES.get(operator, {})  # type: ignore[arg-type]  # any attribute
    )  # fmt: skip
    return graph_model([node], {"x": value}, ["y"], weights=WEIGHTS[operator]), value


@pytest.mark.parametrize("operator", SHAPES)
def test_a_rare_operator_equals_onnxruntime(operator: str) -> None:
    content, value = model_of(operator)
    result = to_torch(content)(torch.from_numpy(value))
    (wanted,) = run_onnxruntime(content, {"x": value})
    np.testing.assert_allclose(result.numpy(), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("operator", SHAPES)
def test_a_rare_operator_has_the_gradient_of_central_differences(operator: str) -> None:
    content, value = model_of(operator)
    start = torch.from_numpy(value).double().requires_grad_()
    assert torch.autograd.gradcheck(to_torch(content).double(), (start,))


def test_boxes_that_overlap_are_suppressed_as_by_onnxruntime() -> None:
    boxes, scores = RNG.random((2, 12, 4)).astype(np.float32), RNG.random((2, 3, 12))
    weights = {
        "m": np.array([4]),
        "i": np.array([0.3], np.float32),
        "t": np.array([0.2], np.float32),
    }
    node = helper.make_node("NonMaxSuppression", ["b", "s", *weights], ["y"])
    inputs = {"b": boxes, "s": scores.astype(np.float32)}
    model = onnx.load_from_string(graph_model([node], inputs, ["y"], weights=weights))
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    content = model.SerializeToString()
    result = to_torch(content)(*map(torch.from_numpy, inputs.values()))
    np.testing.assert_array_equal(result.numpy(), run_onnxruntime(content, inputs)[0])


def test_a_softmax_whose_hidden_rows_are_dropped_keeps_its_gradient() -> None:
    nodes = [
        helper.make_node("Softmax", ["x"], ["s"]),
        helper.make_node("IsNaN", ["s"], ["n"]),
        helper.make_node("Where", ["n", "zero", "s"], ["y"]),
    ]
    weights = {"zero": np.array(0, np.float32)}
    module = to_torch(graph_model(nodes, {"x": normal(2, 3)}, ["y"], weights=weights))
    start = torch.tensor([[-torch.inf] * 3, [1.0, 2.0, 3.0]], requires_grad=True)
    result = module(start)
    (slope,) = torch.autograd.grad(result[:, 0].sum(), start)
    assert result[0].tolist() == [0.0] * 3
    assert torch.isfinite(slope).all()
    assert slope[1].abs().sum() > 0


def test_a_gradient_within_the_graph_has_a_gradient_itself() -> None:
    domain = "ai.onnx.preview.training"
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["square"]),
        helper.make_node("Mul", ["square", "x"], ["cube"]),
        helper.make_node("Gradient", ["x"], ["y"], domain=domain, xs=["x"], y="cube"),
    ]
    model = onnx.load_from_string(graph_model(nodes, {"x": normal(3)}, ["y"]))
    model.opset_import.append(helper.make_opsetid(domain, 1))
    start = torch.tensor([1.0, 2.0], requires_grad=True)
    result = to_torch(model)(start)
    (second,) = torch.autograd.grad(result.sum(), start)
    assert result.tolist() == [3.0, 12.0]
    assert second.tolist() == [6.0, 12.0]


def test_a_slope_of_old_opsets_belongs_to_the_channels() -> None:
    node = helper.make_node("PRelu", ["x", "slope"], ["y"])
    weights = {"slope": np.array([0.5, 1.0, 2.0], np.float32)}
    value = -np.ones((1, 3, 3), np.float32)
    content = graph_model([node], {"x": value}, ["y"], weights=weights, opset=6)
    result = to_torch(content)(torch.from_numpy(value))
    assert result[0].tolist() == [[-0.5] * 3, [-1.0] * 3, [-2.0] * 3]


def test_a_complex_signal_has_no_one_sided_spectrum() -> None:
    node = helper.make_node("STFT", ["x", "s", "", "n"], ["y"], onesided=1)
    weights = {"s": np.array(2), "n": np.array(4)}
    module = to_torch(graph_model([node], {"x": normal(1, 8, 2)}, ["y"], weights=weights))
    with pytest.raises(ConversionError, match="a complex signal has no one-sided spectrum"):
        module(torch.zeros(1, 8, 2))
