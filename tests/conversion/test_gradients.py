"""Gradients of single operators against float64 central differences."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from onnx import helper

from tests.conversion.onnx_graphs import graph_model
from transcoder.conversion import to_torch

RNG = np.random.default_rng(0)


def normal(*shape: int) -> NDArray[np.float32]:
    """Make normal numbers."""
    return RNG.standard_normal(shape).astype(np.float32)


def ints(*values: int) -> NDArray[np.int64]:
    """Make a constant of integers."""
    return np.array(values, np.int64)


Case = tuple[str, tuple[int, ...], Mapping[str, NDArray[np.generic]], Mapping[str, object]]

CASES: list[Case] = [
    (
        "AveragePool",
        (1, 2, 5, 5),
        {},
        {"kernel_shape": [2, 2], "ceil_mode": 1, "strides": [2, 2]},
    ),
    ("Conv", (1, 2, 6), {"w": normal(4, 1, 3), "b": normal(4)}, {"group": 2, "pads": [2, 0]}),
    ("ConvTranspose", (1, 2, 4), {"w": normal(2, 3, 3)}, {"strides": [2], "pads": [0, 1]}),
    ("CumSum", (3, 4), {"axis": np.array(1, np.int64)}, {"exclusive": 1, "reverse": 1}),
    ("Gather", (4, 3), {"i": ints(2, -1, 2)}, {"axis": 0}),
    ("GatherND", (3, 4), {"i": np.array([[0, 1], [2, 3]], np.int64)}, {}),
    ("Gemm", (3, 4), {"w": normal(5, 4), "c": normal(5)}, {"transB": 1, "alpha": 0.5}),
    ("GRU", (4, 2, 3), {"w": normal(1, 15, 3), "r": normal(1, 15, 5)}, {"hidden_size": 5}),
    ("LRN", (1, 4, 3), {}, {"size": 3}),
    ("LSTM", (4, 2, 3), {"w": normal(1, 20, 3), "r": normal(1, 20, 5)}, {"hidden_size": 5}),
    ("LayerNormalization", (3, 5), {"s": normal(5), "b": normal(5)}, {}),
    ("LogSoftmax", (3, 5), {}, {}),
    ("MatMul", (2, 3, 4), {"w": normal(4, 5)}, {}),
    ("MaxPool", (1, 2, 6), {}, {"kernel_shape": [3], "dilations": [2], "pads": [1, 0]}),
    ("PRelu", (3, 4), {"s": normal(4)}, {}),
    ("Pad", (3, 4), {"p": ints(1, 0, 0, 2)}, {"mode": "reflect"}),
    ("ReduceL2", (3, 4), {"axes": ints(1)}, {"keepdims": 0}),
    ("ReduceLogSumExp", (3, 4), {"axes": ints(0)}, {}),
    ("ReduceProd", (3, 4), {"axes": ints(0, 1)}, {}),
    ("ScatterND", (4, 3), {"i": ints(1, 3).reshape(2, 1), "u": normal(2, 3)}, {}),
    ("Slice", (5, 4), {"s": ints(-1), "e": ints(-6), "a": ints(0), "t": ints(-2)}, {}),
    ("Tile", (2, 3), {"r": ints(2, 2)}, {}),
    ("TopK", (3, 5), {"k": ints(2)}, {}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_gradients_equal_central_differences(case: Case) -> None:
    operator, shape, weights, attributes = case
    value = normal(*shape)
    outputs = ["y", "other"] if operator == "TopK" else ["y"]
    node = helper.make_node(operator, ["x", *weights], outputs, **attributes)  # type: ignore[arg-type]  # any attribute
    module = to_torch(graph_model([node], {"x": value}, ["y"], weights=weights)).double()
    given = torch.from_numpy(value).double().requires_grad_()
    assert torch.autograd.gradcheck(module, (given,))


def test_a_gradient_flows_through_the_start_and_the_step_of_a_range() -> None:
    node = helper.make_node("Range", ["a", "b", "c"], ["y"])
    inputs = {name: np.array(0, np.float32) for name in "abc"}
    module = to_torch(graph_model([node], inputs, ["y"])).double()
    start, step = torch.tensor([1.0, 0.5], dtype=torch.float64, requires_grad=True).unbind()
    result = module(start, torch.tensor(3.0, dtype=torch.float64), step)
    first, second = torch.autograd.grad(result.sum(), (start, step))
    assert (first.item(), second.item()) == (4.0, 6.0)


def test_a_gradient_flows_through_the_number_that_pads() -> None:
    node = helper.make_node("Pad", ["x", "p", "v"], ["y"])
    inputs = {"x": normal(3), "v": np.array(0, np.float32)}
    module = to_torch(graph_model([node], inputs, ["y"], weights={"p": ints(2, 1)}))
    fill = torch.tensor(0.5, requires_grad=True)
    module(torch.zeros(3), fill).sum().backward()
    assert fill.grad is not None
    assert fill.grad.item() == 3.0
