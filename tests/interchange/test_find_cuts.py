"""The traps of real networks: what is listed as a cut, and why nothing is."""

import pytest
from onnx import ModelProto, TensorProto, helper

from tests.interchange.graphs import graph
from tests.interchange.tiny_models import tiny_model
from transcoder.errors import InvalidModelError, UnknownNameError
from transcoder.interchange import FromInput, Notion, Strict, ToOutput, find_cuts

CHAIN = """chain (float[batch, 4] x) => (float[batch, 2] y)
<float[4, 8] w1 = {%s}, float[8, 2] w2 = {%s}>
{ a = MatMul(x, w1)  b = Relu(a)  c = Tanh(b)  y = MatMul(c, w2) }"""
FILLED = CHAIN % (", ".join(["0.5"] * 32), ", ".join(["0.25"] * 16))
MASKED = """masked (float[batch, time, 4] x, float[batch, time, 1] mask)
=> (float[batch, time, 4] y)
{ a = Relu(x)  b = Mul(a, mask)  c = Tanh(b)  m = Neg(mask)  d = Add(c, m)  y = Neg(d) }"""
RECURRENT = """state (float[batch, 4] x, float[batch, 4] h)
=> (float[batch, 4] y, float[batch, 4] n)
{ a = Relu(x)  b = Add(a, h)  n = Tanh(b)  c = Neg(b)  d = Exp(c)  y = Add(d, h) }"""


def names(model: ModelProto, notion: Notion = Strict(), *, every: bool = False) -> list[str]:  # noqa: B008 # frozen
    return [each.tensor for each in find_cuts(model, notion=notion, all_dtypes=every)]


def reason(model: ModelProto, notion: Notion = Strict()) -> str:  # noqa: B008 # frozen
    report = find_cuts(model, notion=notion)
    assert len(report) == 0
    return report.reason or ""


def test_a_chain_can_be_cut_at_every_tensor_inside_it() -> None:
    first, *_, last = find_cuts(graph(FILLED))
    assert str(first) == "a: float32[batch, 8]"
    assert (first.depth, first.parameters_before, first.parameters_after) == (1, 32, 16)
    assert (last.tensor, last.depth, last.tail_inputs) == ("c", 3, ("c",))


def test_a_branch_that_goes_round_leaves_no_cut_beside_it() -> None:
    residual = graph(
        "g (float[n] x) => (float[n] y) { a = Relu(x)  b = Tanh(a)  c = Add(a, b)  y = Neg(c) }"
    )
    assert names(residual) == ["a", "c"]


def test_a_value_that_leaves_and_goes_on_is_a_cut() -> None:
    both = graph("g (float[n] x) => (float[n] a, float[n] y) { a = Relu(x)  y = Neg(a) }")
    assert names(both) == ["a"]


def test_one_of_two_outputs_of_a_node_is_no_cut_where_both_are_used() -> None:
    split = graph(
        "g (float[4] x) => (float[2] y) "
        "{ r = Relu(x)  a, b = Split<num_outputs = 2>(r)  c = Neg(a)  y = Add(c, b) }"
    )
    assert names(split) == ["r"]


def test_nodes_that_nothing_needs_hide_no_cut() -> None:
    assert names(
        graph("g (float[n] x) => (float[n] y) { d = Neg(x)  a = Relu(x)  y = Tanh(a) }")
    )


def test_a_mask_beside_all_layers_leaves_cuts_from_the_chosen_input() -> None:
    masked = graph(MASKED)
    assert names(masked) == ["d"]
    cuts = {each.tensor: each.side_inputs for each in find_cuts(masked, notion=FromInput("x"))}
    assert cuts == {"a": ("mask",), "b": ("mask",), "c": ("mask",), "d": ()}


def test_a_mask_until_the_end_is_named_with_the_notion_that_helps() -> None:
    model = graph(
        "g (float[n] x, float[n] mask) => (float[n] y) "
        "{ a = Mul(x, mask)  b = Tanh(a)  c = Relu(b)  y = Mul(c, mask) }"
    )
    assert "the input 'mask' goes round every tensor in its middle until" in reason(model)
    assert "cut on every path from the input 'x', where there are 3" in reason(model)


def test_recurrent_state_goes_in_and_out_round_every_strict_cut() -> None:
    model = graph(RECURRENT)
    assert "the input 'h'" in reason(model)
    assert "the output 'n'" in reason(model)
    assert names(model, ToOutput("n")) == ["b"]
    assert names(model, FromInput("x")) == ["a", "b"]


def test_a_capture_of_the_graph_input_prevents_false_cuts() -> None:
    model = graph(
        "g (float[n] x) => (float[n] y) { a = Relu(x)  s = ReduceSum<keepdims = 0>(a) "
        "t = Cast<to = 9>(s)  y = If (t) <"
        "then_branch = yes () => (float[n] p) { p = Neg(x) }, "
        "else_branch = no () => (float[n] q) { q = Identity(x) }> }"
    )
    assert names(model, every=True) == []
    assert "the input 'x' goes round" in reason(model) or "stand inside" in reason(model)


def test_a_capture_of_the_cut_tensor_is_a_reader_like_any_other() -> None:
    model = graph(
        "g (float[n] x, bool c) => (float[n] y) { a = Relu(x)  b = If (c) <"
        "then_branch = yes () => (float[n] p) { p = Neg(a) }, "
        "else_branch = no () => (float[n] q) { q = Tanh(a) }>  d = Exp(b)  y = Neg(d) }"
    )
    assert names(model, FromInput("x")) == ["a", "b", "d"]
    assert names(model) == ["b", "d"]


def test_a_net_inside_an_if_says_so() -> None:
    model = graph(
        "g (float[n] x, bool c) => (float[n] y) { y = If (c) <"
        "then_branch = yes () => (float[n] p) { a = Relu(x)  p = Neg(a) }, "
        "else_branch = no () => (float[n] q) { b = Tanh(x)  q = Exp(b) }> }"
    )
    assert "operators stand inside the branches of its If node" in reason(model)


def test_a_shape_that_the_cut_tensor_has_too_is_recomputed() -> None:
    model = graph(
        "g (float[batch, 6] x) => (float[batch, 2, 3] y) <int64[1] zero = {0}, "
        "int64[2] rest = {2, 3}> { s = Shape(x)  n = Gather(s, zero)  a = Relu(x) "
        "b = Tanh(a)  to = Concat<axis = 0>(n, rest)  y = Reshape(b, to) }"
    )
    (leak,) = find_cuts(model).cuts[1].shape_leaks
    assert (leak.tensor, leak.is_recomputed) == ("x", True)
    assert find_cuts(model).cuts[1].tail_inputs == ("b",)


def test_a_shape_that_the_cut_tensor_lost_stays_a_named_side_input() -> None:
    model = graph(
        "g (float[batch, time] x) => (float[batch, time] y) { s = Shape(x) "
        "a = ReduceSum<keepdims = 1>(x)  b = Tanh(a)  y = Expand(b, s) }"
    )
    cut = find_cuts(model).cuts[-1]
    assert cut.tensor == "b"
    assert [leak.is_recomputed for leak in cut.shape_leaks] == [False]
    assert cut.tail_inputs == ("b", "x.shape")


def test_integers_are_listed_on_request_only() -> None:
    model = graph(
        "g (float[n, 4] x) => (float[n] y) "
        "{ i = ArgMax<axis = 1, keepdims = 0>(x)  j = Neg(i)  y = Cast<to = 1>(j) }"
    )
    assert [each.dtype for each in find_cuts(model, all_dtypes=True)] == ["int64", "int64"]
    assert "dtype int64, such as 'i', and no latents; ask for all dtypes" in reason(model)


def test_random_numbers_are_never_drawn_twice() -> None:
    model = graph(
        "g (float[3] x) => (float[3] y) { r = RandomNormal<shape = [3]>()  a = Add(x, r) "
        "b = Relu(a)  c = Tanh(b)  d = Add(c, r)  e = Exp(d)  y = Neg(e) }"
    )
    assert names(model) == ["d", "e"]


def test_strange_names_and_axes_are_carried_as_they_are() -> None:
    long = "/encoder::layer;0/" + "deep/" * 100
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [-1, 0, "None", 8])
        for name in (long, "out;put")
    ]
    nodes = [
        helper.make_node("Relu", [long], ["mid::dle"]),
        helper.make_node("Neg", ["mid::dle"], ["out;put"]),
    ]
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("nobody.uses", 3)]
    model = helper.make_model(
        helper.make_graph(nodes, "g", ends[:1], ends[1:]), opset_imports=opsets, ir_version=9
    )
    (cut,) = find_cuts(model)
    assert (cut.tensor, cut.axes) == ("mid::dle", ("?", "?", "?", 8))


def test_initializers_among_the_inputs_are_no_inputs() -> None:
    model = graph(FILLED)
    listed = [("w1", (4, 8)), ("w2", (8, 2))]
    model.graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in listed
    )
    assert names(model) == ["a", "b", "c"]


def test_fused_operators_of_other_domains_are_cut_like_others() -> None:
    model = graph(
        "g (float[n, 4] x) => (float[n, 4] y) { a = com.microsoft.Gelu(x) "
        "b = local.Unheard(a)  c = Relu(b)  y = Neg(c) }"
    )
    found = {each.tensor: (each.dtype, each.axes) for each in find_cuts(model)}
    assert found["a"] == ("float32", ("n", 4))
    assert found["b"] == ("float32", None)


def test_a_row_narrower_than_before_and_after_is_a_bottleneck() -> None:
    shapes = ((1, 8), (8, 3), (3, 6))
    weights = ", ".join(
        f"float[{rows}, {columns}] w{columns} = {{{', '.join(['1'] * rows * columns)}}}"
        for rows, columns in shapes
    )
    model = graph(
        f"g (float[batch, 1] x) => (float[batch, 6] y) <{weights}> {{ a = MatMul(x, w8) "
        "b = MatMul(a, w3)  c = Relu(b)  d = MatMul(c, w6)  y = Neg(d) }"
    )
    assert [each.tensor for each in find_cuts(model) if each.is_bottleneck] == ["b", "c"]


def test_the_narrow_end_of_a_net_is_no_bottleneck() -> None:
    model = graph(
        "g (float[batch, 4] x) => (float[batch, 1] y) "
        "{ a = Relu(x)  b = Concat<axis = 1>(a, a)  c = Tanh(b)  y = ReduceSum(c) }"
    )
    assert [each.tensor for each in find_cuts(model) if each.is_bottleneck] == []


def test_a_notion_of_an_unknown_end_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no input of the graph 'z'; known are 'x'"):
        find_cuts(graph(FILLED), notion=FromInput("z"))
    with pytest.raises(UnknownNameError, match="no output of the graph 'z'"):
        find_cuts(graph(FILLED), notion=ToOutput("z"))


def test_a_file_of_the_first_format_without_operator_set_is_refused() -> None:
    model = tiny_model()
    model.ir_version = 1
    model.ClearField("opset_import")
    with pytest.raises(InvalidModelError, match="does not say which ONNX operator set it uses"):
        find_cuts(model)


def test_a_graph_with_no_path_says_so() -> None:
    model = graph("g (float[n] x) => (int64[1] y) { a = Relu(x)  y = Shape(a) }")
    assert "does not depend on numbers it takes" in reason(model)


def test_ten_thousand_nodes_are_listed() -> None:
    nodes = [helper.make_node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in range(10_000)]
    ends = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, ["n"])
        for each in ("v0", "v10000")
    ]
    made = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=9)
    assert len(find_cuts(model)) == 9_999
