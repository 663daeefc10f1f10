"""Splicing is the inverse of cutting, whatever names, axes and operator sets the two have."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper

from tests.interchange.graphs import assert_close, graph, numbers, run
from tests.interchange.tiny_models import tiny_model
from transcoder.errors import SpecMismatchError, SpliceError, UnknownNameError
from transcoder.interchange import FromInput, cut, find_cuts, read_signature, splice

HEAD = "h (float[batch, 4] x) => (float[batch, 4] z) { a = Relu(x)  z = Tanh(a) }"
TAIL = "t (float[rows, 4] z) => (float[rows, 4] y) { a = Neg(z)  y = Exp(a) }"


def test_names_inside_that_clash_are_changed() -> None:
    whole = splice(graph(HEAD), graph(TAIL))
    given_x = numbers(3, 4)
    assert_close(run(whole, {"x": given_x})["y"], np.exp(-np.tanh(np.maximum(given_x, 0))))
    assert str(read_signature(whole, "whole").outputs[0]) == "y: float32[batch, 4]"


def test_nets_with_equal_names_at_their_ends_are_joined_by_a_mapping() -> None:
    net = graph("g (float[n] input) => (float[n] output) { output = Exp(input) }")
    whole = splice(net, net, joins={"output": "input"})
    given_x = numbers(3)
    assert [each.name for each in read_signature(whole, "whole").inputs] == ["input"]
    assert_close(run(whole, {"input": given_x})["output"], np.exp(np.exp(given_x)))


def test_an_output_called_as_the_input_gets_another_name() -> None:
    back = graph("g (float[batch, 4] z) => (float[batch, 4] x) { x = Neg(z) }")
    signature = read_signature(splice(graph(HEAD), back), "whole")
    assert ([e.name for e in signature.inputs], [e.name for e in signature.outputs]) == (
        ["x"],
        ["x_1"],
    )


def test_captures_inside_branches_are_renamed_with_their_values() -> None:
    tail = graph(
        "t (float[batch, 4] z, bool c) => (float[batch, 4] y) { a = Neg(z)  y = If (c) <"
        "then_branch = yes () => (float[batch, 4] p) { p = Exp(a) }, "
        "else_branch = no () => (float[batch, 4] q) { q = Abs(a) }> }"
    )
    whole = splice(graph(HEAD), tail)
    given_x = numbers(3, 4)
    found = run(whole, {"x": given_x, "c": np.zeros((), bool)})["y"]
    assert_close(found, np.tanh(np.maximum(given_x, 0)))


def test_an_axis_name_of_both_that_means_two_lengths_is_told_apart() -> None:
    head = graph("h (float[n, time] x) => (float[n] z) { z = ReduceSum<keepdims = 0>(x, o) }")
    head.graph.initializer.append(helper.make_tensor("o", TensorProto.INT64, [1], [1]))
    tail = graph("t (float[n] z, float[time, n] m) => (float[time, n] y) { y = Add(z, m) }")
    signature = read_signature(splice(head, tail), "whole")
    assert [each.axes for each in signature.inputs] == [("n", "time"), ("time_1", "n")]
    assert signature.outputs[0].axes == ("time_1", "n")


def test_the_older_operator_set_is_raised() -> None:
    head, tail = graph(HEAD), graph(TAIL)
    head.opset_import[0].version = 13
    whole = onnx.load_from_string(splice(head, tail))
    assert {each.domain: each.version for each in whole.opset_import}[""] == 18


def test_operators_of_another_domain_must_have_one_version() -> None:
    head, tail = graph(HEAD), graph(TAIL)
    head.opset_import[1].version = 2
    with pytest.raises(
        SpliceError, match="use the versions 2 and 1 of the operators of 'local'"
    ):
        splice(head, tail)


def test_functions_of_one_name_must_be_equal() -> None:
    text = '<domain: "local", opset_import: ["": 18]> f (p) => (q) {{ q = {}(p) }}'
    head = graph("h (float[n] x) => (float[n] z) { z = local.f(x) }", text.format("Neg"))
    tail = graph("t (float[n] z) => (float[n] y) { y = local.f(z) }", text.format("Exp"))
    with pytest.raises(SpliceError, match="both have a function local::f, but not the same"):
        splice(head, tail)
    assert len(onnx.load_from_string(splice(head, head, joins={"z": "x"})).functions) == 1


def test_what_does_not_fit_is_not_joined() -> None:
    wide = graph("t (float[rows, 5] z) => (float[rows, 5] y) { y = Exp(z) }")
    with pytest.raises(SpecMismatchError, match=r"'z' gives float32\[batch, 4\] but 'z' takes"):
        splice(graph(HEAD), wide)
    with pytest.raises(SpliceError, match="the head gives 'z' and the tail takes 'x'; say by"):
        splice(graph(HEAD), tiny_model(("batch", 8)))
    with pytest.raises(UnknownNameError, match="no output of the head 'w'"):
        splice(graph(HEAD), graph(TAIL), joins={"w": "z"})
    with pytest.raises(UnknownNameError, match="no joined output of the head 'a'"):
        splice(graph(HEAD), graph(TAIL), keep=["a"])


def test_weights_of_both_halves_are_one_again() -> None:
    model = graph(
        "g (float[n] x) => (float[n] y) <float[1] w = {2}> "
        "{ a = Mul(x, w)  b = Tanh(a)  y = Mul(b, w) }"
    )
    made = cut(model, "b")
    whole = onnx.load_from_string(splice(made.head, made.tail))
    assert [each.name for each in whole.graph.initializer] == ["w"]


UNARY = ("Relu", "Tanh", "Neg", "Sigmoid", "Identity")
BINARY = ("Add", "Sub", "Mul")
Step = tuple[int, int, int]


def random_graph(steps: list[Step], outputs: int) -> ModelProto:
    """A graph whose nodes read any earlier values; now and then through a shape."""
    values, nodes = ["x", "m"], []
    for number, (kind, first, second) in enumerate(steps):
        left, right = (values[max(0, len(values) - 1 - each)] for each in (first, second))
        out = f"v{number}"
        if kind < len(UNARY):
            nodes.append(helper.make_node(UNARY[kind], [left], [out]))
        elif kind < len(UNARY) + len(BINARY):
            nodes.append(helper.make_node(BINARY[kind - len(UNARY)], [left, right], [out]))
        else:
            nodes.append(helper.make_node("Shape", [left], [f"s{number}"]))
            nodes.append(helper.make_node("Reshape", [right, f"s{number}"], [out]))
        values.append(out)
    given = list(dict.fromkeys(values[-1 - each] for each in range(outputs)))
    ends = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3])
        for name in ("x", "m", *given)
    }
    made = helper.make_graph(nodes, "g", [ends["x"], ends["m"]], [ends[name] for name in given])
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9)


BACK = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 20])
STEPS = st.lists(st.tuples(st.integers(0, 8), BACK, BACK), min_size=3, max_size=9)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(1, 2), st.booleans(), st.integers(0, 50))
def test_cut_then_splice_computes_what_the_whole_computes(
    steps: list[Step],
    outputs: int,
    strict: bool,  # noqa: FBT001 # drawn
    pick: int,
) -> None:
    model = random_graph(steps, outputs)
    report = find_cuts(model) if strict else find_cuts(model, notion=FromInput("x"))
    if not report.cuts:
        assert report.reason
        return
    at = report.cuts[pick % len(report)].tensor
    made = cut(model, at, notion=report.notion)
    whole = splice(made.head, made.tail, keep=[at] if at in outputs_of(model) else [])
    feed = {"x": numbers(2, 3), "m": numbers(2, 3) + 1}
    found = run(whole, feed)
    for name, wanted in run(model, feed).items():
        assert_close(found[name], wanted)


def outputs_of(model: ModelProto) -> list[str]:
    return [each.name for each in model.graph.output]


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(1, 2))
def test_cuts_are_those_that_trying_every_tensor_finds(steps: list[Step], outputs: int) -> None:
    model = random_graph(steps, outputs)
    nodes = [each for each in model.graph.node if each.op_type != "Shape"]
    found = {each.tensor for each in find_cuts(model)}
    for node in nodes:
        name = node.output[0]
        assert (name in found) == is_cut(model, name)


def is_cut(model: ModelProto, at: str) -> bool:
    """Remove a tensor and look whether the inputs still reach an output, and it one."""
    reads = {
        node.output[0]: list(node.input)[: 1 if node.op_type == "Reshape" else None]
        for node in model.graph.node
        if node.op_type != "Shape"
    }

    def reached(name: str, *, without: str) -> set[str]:
        inner = (reached(each, without=without) for each in reads.get(name, []))
        return set() if name == without else {name}.union(*inner)

    ends = outputs_of(model)
    around = set().union(*(reached(end, without=at) for end in ends))
    behind = [end for end in ends if end != at and at in reached(end, without="")]
    return not around & {"x", "m"} and bool(behind)
