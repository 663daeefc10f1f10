"""Where gradients stop, told from the graph alone."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from tests.conversion.onnx_graphs import graph_model
from transcoder.conversion import GradientReport, Reach, explain_gradients, to_torch
from transcoder.errors import InvalidModelError

ROWS = np.zeros((2, 3), np.float32)


def explained(*nodes: tuple[str, list[str], list[str]], **more: object) -> GradientReport:
    """Explain a graph of nodes from x to y."""
    made = [helper.make_node(*each, name=f"n{at}") for at, each in enumerate(nodes)]
    made[-1].attribute.extend(helper.make_attribute(*each) for each in more.items())
    return explain_gradients(graph_model(made, {"x": ROWS}, ["y"]))


def test_gradients_pass_a_plain_chain_without_obstacles() -> None:
    found = explained(("Tanh", ["x"], ["t"]), ("Exp", ["t"], ["y"])).flow("y", "x")
    assert (found.reach, found.obstacles) == (Reach.GRADIENTS, ())
    assert str(found) == "gradients of 'y' reach 'x'"


@pytest.mark.parametrize(
    ("operator", "reason"),
    [
        ("ArgMax", "places"), ("Shape", "reads the shape"), ("IsNaN", "truth of a comparison"),
    ],
)  # fmt: skip
def test_an_operator_without_a_derivative_is_named_with_its_reason(
    operator: str, reason: str
) -> None:
    found = explained((operator, ["x"], ["a"]), ("Cast", ["a"], ["y"]), to=TensorProto.FLOAT)
    flow = found.flow("y", "x")
    assert flow.reach is Reach.NOTHING
    assert f"they stop at {operator} 'n0': " in str(flow)
    assert reason in flow.obstacles[0].reason


def test_a_cast_to_integers_stops_gradients() -> None:
    node = helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT32, name="whole")
    back = helper.make_node("Cast", ["i"], ["y"], to=TensorProto.FLOAT)
    flow = explain_gradients(graph_model([node, back], {"x": ROWS}, ["y"])).flow("y", "x")
    assert "they stop at Cast 'whole': it gives int32" in str(flow)


def test_rounding_lets_zeros_pass_and_says_so() -> None:
    content = graph_model([helper.make_node("Round", ["x"], ["y"])], {"x": ROWS}, ["y"])
    flow = explain_gradients(content).flow("y", "x")
    given = torch.full((2, 3), 0.4, requires_grad=True)
    to_torch(content)(given).sum().backward()
    assert given.grad is not None
    assert not given.grad.any()
    assert flow.reach is Reach.ZEROS
    assert "they turn to zero at Round 'y': rounding is flat" in str(flow)


def test_a_way_round_an_obstacle_still_brings_gradients() -> None:
    report = explained(
        ("Sign", ["x"], ["s"]), ("Mul", ["s", "x"], ["y"])
    )  # fmt: skip
    flow = report.flow("y", "x")
    assert flow.reach is Reach.GRADIENTS
    assert [each.operator for each in flow.obstacles] == ["Sign"]


def test_an_input_that_an_output_does_not_read_is_independent() -> None:
    nodes = [helper.make_node("Exp", ["x"], ["y"])]
    report = explain_gradients(graph_model(nodes, {"x": ROWS, "other": ROWS}, ["y"]))
    assert report.flow("y", "other").reach is Reach.INDEPENDENT
    assert "'y' does not depend on 'other'" in str(report)


def test_an_integer_input_gets_no_gradients() -> None:
    nodes = [helper.make_node("Gather", ["table", "x"], ["y"])]
    tokens = np.zeros((1, 2), np.int64)
    report = explain_gradients(
        graph_model(nodes, {"x": tokens}, ["y"], weights={"table": ROWS})
    )
    assert "they stop at Input 'x': it is int64" in str(report)


def branch(operator: str, name: str) -> object:
    node = helper.make_node(operator, ["x"], [name])
    return helper.make_graph(
        [node], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)]
    )


def test_gradients_are_followed_into_branches() -> None:
    node = helper.make_node(
        "If", ["c"], ["y"], then_branch=branch("Floor", "f"), else_branch=branch("Exp", "e")
    )
    inputs = {"x": ROWS, "c": np.array(True)}  # noqa: FBT003  # the value of a tensor
    report = explain_gradients(graph_model([node], inputs, ["y"]))
    flow = report.flow("y", "x")
    assert flow.reach is Reach.GRADIENTS
    assert [each.operator for each in flow.obstacles] == ["Floor"]


def test_gradients_are_followed_round_a_loop() -> None:
    infos = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in ("state", "other", "next", "second")
    }
    infos["turn"] = helper.make_tensor_value_info("turn", TensorProto.INT64, [])
    infos["go"] = helper.make_tensor_value_info("go", TensorProto.BOOL, [])
    nodes = [
        helper.make_node("Identity", ["go"], ["goes"]),
        helper.make_node("Ceil", ["other"], ["next"]),
        helper.make_node("Exp", ["state"], ["second"]),
    ]
    body = helper.make_graph(
        nodes, "body", [infos[n] for n in ("turn", "go", "state", "other")],
        [helper.make_tensor_value_info("goes", TensorProto.BOOL, []), infos["next"],
         infos["second"]],
    )  # fmt: skip
    node = helper.make_node("Loop", ["n", "", "x", "x"], ["y", "z"], body=body)
    weights = {"n": np.array(2)}
    report = explain_gradients(graph_model([node], {"x": ROWS}, ["y", "z"], weights=weights))
    reaches = [report.flow(name, "x").reach for name in ("y", "z")]
    assert reaches == [Reach.ZEROS, Reach.GRADIENTS]
    assert report.flow("z", "x").obstacles[0].operator == "Ceil"


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(InvalidModelError, match="no ONNX file"):
        explain_gradients(b"\xff\xff\xff")
