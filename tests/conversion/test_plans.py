"""How graphs run: shapes in Python, folding, subgraphs, recurrent corner cases."""

import copy

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from tests.conversion.onnx_graphs import Arrays, graph_model, run_onnxruntime
from transcoder.conversion import OnnxModule, to_torch

RNG = np.random.default_rng(3)


def normal(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Make normal numbers."""
    return RNG.standard_normal(shape).astype(np.float32)


def check(content: bytes, inputs: Arrays) -> OnnxModule:
    """Convert, compare with ONNX Runtime, compare a restored copy, give the module."""
    module = to_torch(content)
    wanted = run_onnxruntime(content, inputs)
    for each in (module, copy.deepcopy(module)):
        given = each(*(torch.from_numpy(np.array(value)) for value in inputs.values()))
        results = given if isinstance(given, tuple) else (given,)
        for mine, other in zip(results, wanted, strict=True):
            np.testing.assert_allclose(mine.numpy(), other, rtol=1e-4, atol=1e-5)
    return module


def test_shape_arithmetic_follows_every_length() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Gather", ["shape", "one"], ["time"]),
        helper.make_node("Div", ["time", "two"], ["half"]),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["b"]),
        helper.make_node("Unsqueeze", ["half", "axes"], ["h"]),
        helper.make_node("Concat", ["b", "h", "minus"], ["wanted"], axis=0),
        helper.make_node("Reshape", ["x", "wanted"], ["y"]),
    ]
    weights = {
        "zero": np.array(0), "one": np.array(1), "two": np.array(2),
        "axes": np.array([0]), "minus": np.array([-1]),
    }  # fmt: skip
    content = graph_model(nodes, {"x": normal(2, 4, 3)}, ["y"], weights=weights)
    module = to_torch(content)
    assert module(torch.zeros(5, 8, 3)).shape == (5, 4, 6)
    check(content, {"x": normal(3, 6, 3)})


def test_a_count_of_places_becomes_positions_on_the_fly() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"], start=1, end=2),
        helper.make_node("Squeeze", ["shape"], ["time"]),
        helper.make_node("Range", ["zero", "time", "one"], ["places"]),
        helper.make_node("Gather", ["table", "places"], ["rows"]),
        helper.make_node("Add", ["x", "rows"], ["y"]),
    ]
    weights = {"zero": np.array(0), "one": np.array(1), "table": normal(9, 3)}
    check(
        graph_model(nodes, {"x": normal(1, 2, 3)}, ["y"], weights=weights),
        {"x": normal(2, 7, 3)},
    )


def test_what_depends_on_weights_alone_is_computed_once() -> None:
    nodes = [
        helper.make_node("Transpose", ["w"], ["t"]),
        helper.make_node("Mul", ["t", "g"], ["scaled"]),
        helper.make_node("MatMul", ["x", "scaled"], ["y"]),
    ]
    weights = {"w": normal(4, 3), "g": normal(1, 4)}
    module = check(
        graph_model(nodes, {"x": normal(2, 3)}, ["y"], weights=weights), {"x": normal(5, 3)}
    )
    assert sum(each.numel() for each in module.parameters()) == 12


@pytest.mark.parametrize("operator", ["GRU", "LSTM", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("fused", [True, False])
def test_recurrent_networks_respect_the_lengths_of_rows(
    operator: str, direction: str, *, fused: bool
) -> None:
    gates = {"GRU": 3, "LSTM": 4, "RNN": 1}[operator]
    directions = 2 if direction == "bidirectional" else 1
    attributes: dict[str, float] = {"linear_before_reset": 1} if operator == "GRU" else {}
    if not fused:
        attributes = {"clip": 0.7} if operator == "LSTM" else {"clip": 30.0}
    weights = {
        "w": normal(directions, gates * 4, 3), "r": normal(directions, gates * 4, 4),
        "b": normal(directions, gates * 8),
    }  # fmt: skip
    inputs = {
        "x": normal(6, 3, 3),
        "n": np.array([6, 2, 4], np.int32),
        "h": normal(directions, 3, 4),
    }
    node = helper.make_node(
        operator, ["x", "w", "r", "b", "n", "h"], ["y", "last"], hidden_size=4,
        direction=direction, **attributes,  # type: ignore[arg-type]  # any attribute
    )  # fmt: skip
    check(graph_model([node], inputs, ["y", "last"], weights=weights), inputs)


def test_a_branch_reads_values_and_weights_from_outside() -> None:
    inner = numpy_helper.from_array(normal(3), "inner")
    result = [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)]
    add = helper.make_node("Add", ["x", "inner"], ["r"])
    mul = helper.make_node("Mul", ["x", "outer"], ["s"])
    other = [helper.make_tensor_value_info("s", TensorProto.FLOAT, None)]
    node = helper.make_node(
        "If", ["c"], ["y"],
        then_branch=helper.make_graph([add], "then", [], result, [inner]),
        else_branch=helper.make_graph([mul], "else", [], other),
    )  # fmt: skip
    inputs = {"x": normal(2, 3), "c": np.array(True)}  # noqa: FBT003  # the value of a tensor
    content = graph_model([node], inputs, ["y"], weights={"outer": normal(3)})
    check(content, inputs)
    check(content, {**inputs, "c": np.array(False)})  # noqa: FBT003  # the value of a tensor


def test_gradients_flow_through_a_loop() -> None:
    body = helper.make_graph(
        [
            helper.make_node("Mul", ["state", "w"], ["next"]),
            helper.make_node("Identity", ["go"], ["goes"]),
            helper.make_node("Identity", ["next"], ["kept"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("goes", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("kept", TensorProto.FLOAT, None),
        ],
    )
    node = helper.make_node("Loop", ["count", "", "x"], ["last", "all"], body=body)
    weights = {"count": np.array(3), "w": np.array(2.0, np.float32)}
    module = to_torch(graph_model([node], {"x": normal(2)}, ["last", "all"], weights=weights))
    value = torch.ones(2, requires_grad=True)
    last, every = module(value)
    (gradient,) = torch.autograd.grad(last.sum() + every.sum(), value)
    assert every.shape == (3, 2)
    assert gradient.tolist() == [22.0, 22.0]


def test_a_query_that_sees_nothing_gives_zeros_and_zero_gradients() -> None:
    node = helper.make_node("Attention", ["q", "k", "v", "m"], ["y"])
    inputs = {"q": normal(1, 1, 2, 4), "k": normal(1, 1, 3, 4), "v": normal(1, 1, 3, 4)}
    mask = np.array([[False, False, False], [True, True, False]])
    module = to_torch(graph_model([node], {**inputs, "m": mask}, ["y"], opset=23))
    query = torch.from_numpy(inputs["q"]).requires_grad_()
    result = module(
        query, *(torch.from_numpy(inputs[name]) for name in "kv"), torch.from_numpy(mask)
    )
    result.sum().backward()
    assert result[0, 0, 0].tolist() == [0.0] * 4
    assert query.grad is not None
    assert torch.isfinite(query.grad).all()


def test_older_graphs_are_brought_up() -> None:
    node = helper.make_node("Squeeze", ["x"], ["y"], axes=[1])
    content = graph_model([node], {"x": normal(2, 1, 3)}, ["y"], opset=11)
    check(content, {"x": normal(4, 1, 3)})
