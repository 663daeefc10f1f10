"""Halves are valid, hold what they use, and compute what the whole computes."""

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, checker, helper

from tests.interchange.graphs import assert_halves_agree, graph, numbers
from transcoder.errors import CutError, UnknownNameError
from transcoder.interchange import FromInput, Halves, ToOutput, cut, read_signature
from transcoder.vocabulary import TensorSpec

WEIGHTS = ", ".join(["0.5"] * 16)
SHARING = (
    f"sharing (float[batch, 4] x) => (float[batch, 4] y) <float[4, 4] w = {{{WEIGHTS}}}, "
    f"float[4, 4] v = {{{WEIGHTS}}}, float[4, 4] u = {{{WEIGHTS}}}> "
    "{ a = MatMul(x, w)  b = MatMul(a, v)  c = Tanh(b)  d = MatMul(c, w)  y = MatMul(d, u) }"
)
CAPTURING = (
    "g (float[batch, 4] x, bool c) => (float[batch, 4] y) "
    f"<float[4, 4] w = {{{WEIGHTS}}}> {{ a = Relu(x)  b = If (c) <"
    "then_branch = yes () => (float[batch, 4] p) { p = MatMul(a, w) }, "
    "else_branch = no () => (float[batch, 4] q) { q = Tanh(a) }>  y = Neg(b) }"
)


def halves(model: ModelProto, at: str) -> tuple[ModelProto, ModelProto]:
    made = cut(model, at)
    parts = onnx.load_from_string(made.head), onnx.load_from_string(made.tail)
    for part in parts:
        checker.check_model(part, full_check=True)
    return parts


def test_weights_stand_where_they_are_used_and_twice_only_if_both_use_them() -> None:
    head, tail = halves(graph(SHARING), "c")
    assert [each.name for each in head.graph.initializer] == ["w", "v"]
    assert [each.name for each in tail.graph.initializer] == ["w", "u"]
    made = cut(graph(SHARING), "c")
    assert (made.at.parameters_before, made.at.parameters_after) == (32, 32)
    assert read_signature(made.tail, "tail").parameters == 32


def test_halves_compute_what_the_whole_computes() -> None:
    model = graph(SHARING)
    assert_halves_agree(model, cut(model, "c"), {"x": numbers(3, 4)})


def test_halves_keep_operator_sets_metadata_and_used_functions() -> None:
    model = graph(
        "g (float[n] x) => (float[n] y) { a = local.twice(x)  b = Relu(a)  y = Neg(b) }",
        '<domain: "local", opset_import: ["": 18]> twice (p) => (q) { q = Add(p, p) }',
    )
    helper.set_model_props(model, {"author": "someone"})
    head, tail = halves(model, "b")
    assert [each.name for each in head.functions] == ["twice"]
    assert [each.name for each in tail.functions] == []
    for part in (head, tail):
        assert part.opset_import == model.opset_import
        assert part.metadata_props == model.metadata_props
    assert_halves_agree(model, cut(model, "b"), {"x": numbers(3)})


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize("at", ["a", "b"])
def test_branches_capture_across_the_cut(at: str, chosen: bool) -> None:  # noqa: FBT001 # a case
    model = graph(CAPTURING)
    made = cut(model, at, notion=FromInput("x"))
    assert made.at.tail_inputs == {"a": ("a", "c"), "b": ("b",)}[at]
    assert_halves_agree(model, made, {"x": numbers(3, 4), "c": np.array(chosen)})


def test_a_loop_body_captures_weights_and_the_cut_tensor() -> None:
    model = graph(
        "g (float[4] x) => (float[4] y) <int64 n = {3}, bool t = {1}, "
        "float[4] w = {1, 2, 3, 4}> { a = Tanh(x)  z = Sub(a, a) "
        "b = Loop (n, t, z) <body = step "
        "(int64 i, bool go, float[4] s) => (bool on, float[4] o) { on = Identity(go) "
        "m = Mul(a, w)  o = Add(s, m) }>  y = Neg(b) }"
    )
    for at in ("a", "b"):
        assert_halves_agree(model, cut(model, at), {"x": numbers(4)})


def test_masks_go_to_both_halves() -> None:
    model = graph(
        "g (float[n] x, float[n] mask) => (float[n] y) "
        "{ m = Neg(mask)  a = Mul(x, m)  b = Tanh(a)  c = Mul(b, m)  y = Neg(c) }"
    )
    made = cut(model, "b", notion=FromInput("x"))
    for half in (made.head, made.tail):
        assert "mask" in [each.name for each in read_signature(half, "half").inputs]
    assert_halves_agree(model, made, {"x": numbers(5), "mask": numbers(5)})


def test_a_head_gives_the_outputs_that_the_tail_cannot_give() -> None:
    model = graph(
        "g (float[n] x, float[n] h) => (float[n] y, float[n] s) "
        "{ a = Relu(x)  s = Add(a, h)  b = Tanh(a)  y = Add(b, b) }"
    )
    made = cut(model, "b", notion=ToOutput("y"))
    outputs = [each.name for each in read_signature(made.head, "head").outputs]
    assert outputs == ["b", "s"]
    assert_halves_agree(model, made, {"x": numbers(5), "h": numbers(5)})


@pytest.mark.parametrize(
    "take",
    [
        "s = Shape(x)  n = Gather(s, zero)",
        "s = Shape<start = 0, end = 1>(x)  n = Identity(s)",
        "s = Shape(x)  n = Slice(s, zero, one)",
        "s = Size(x)  f = Unsqueeze(s, zero)  n = Div(f, six)",
    ],
)
def test_a_shape_is_recomputed_from_the_cut_tensor(take: str) -> None:
    model = graph(
        "g (float[batch, 6] x) => (float[batch, 2, 3] y) <int64[1] zero = {0}, "
        "int64[1] one = {1}, int64[1] six = {6}, int64[2] rest = {2, 3}> "
        f"{{ {take}  a = Relu(x)  b = Tanh(a)  to = Concat<axis = 0>(n, rest) "
        "y = Reshape(b, to) }"
    )
    made = cut(model, "b")
    assert [leak.is_recomputed for leak in made.at.shape_leaks] == [True]
    assert [each.name for each in read_signature(made.tail, "tail").inputs] == ["b"]
    assert_halves_agree(model, made, {"x": numbers(5, 6)})


@pytest.mark.parametrize(
    "take",
    [
        "s = Shape(x)  y = Expand(b, s)",
        "s = Shape<start = 1>(x)  y = Expand(b, s)",
        "s = Shape<end = 1>(x)  e = Shape<start = 1>(x)  t = Concat<axis = 0>(s, e) "  # noqa: ISC004 # one case
        "y = Expand(b, t)",
        "s = Size(x)  f = Cast<to = 1>(s)  y = Mul(b, f)",
    ],
)
def test_a_shape_that_cannot_be_recomputed_crosses_once(take: str) -> None:
    model = graph(
        "g (float[batch, time] x) => (float[p, q] y) "
        f"{{ a = ReduceSum<keepdims = 1>(x)  b = Tanh(a)  {take} }}"
    )
    made = cut(model, "b")
    assert made.at.tail_inputs == ("b", "x.shape")
    first = assert_halves_agree(model, made, {"x": numbers(3, 5)})
    assert first["x.shape"].tolist() == [3, 5]


def test_a_shape_taken_behind_a_dead_end_is_found_by_the_head() -> None:
    model = graph(
        "g (float[n, k] x) => (float[k, n] y) { t = Transpose<perm = [1, 0]>(x)  s = Shape(t) "
        "a = ReduceSum<keepdims = 0>(x)  b = Tanh(a)  z = ConstantOfShape(s)  y = Add(z, b) }"
    )
    made = cut(model, "b")
    assert made.at.tail_inputs == ("b", "t.shape")
    assert_halves_agree(model, made, {"x": numbers(3, 5)})


def test_integer_tensors_can_be_cut_when_asked_for() -> None:
    model = graph(
        "g (float[n, 4] x) => (float[n] y) "
        "{ i = ArgMax<axis = 1, keepdims = 0>(x)  j = Neg(i)  y = Cast<to = 1>(j) }"
    )
    made = cut(model, "j")
    assert made.at.dtype == "int64"
    assert_halves_agree(model, made, {"x": numbers(5, 4)})


def test_initializers_listed_as_inputs_stay_listed() -> None:
    model = graph(SHARING)
    model.ir_version = 3
    model.graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, (4, 4)) for name in "wvu"
    )
    head, tail = halves(model, "c")
    assert [each.name for each in head.graph.input] == ["x", "w", "v"]
    assert [each.name for each in tail.graph.input] == ["c", "w", "u"]


def test_strange_names_survive() -> None:
    long = "/encoder::layer;0/" + "deep/" * 100
    model = graph("g (float[n] x) => (float[n] y) { a = Relu(x)  b = Tanh(a)  y = Neg(b) }")
    model.graph.node[0].output[0] = model.graph.node[1].input[0] = long
    made = cut(model, long)
    assert read_signature(made.tail, "tail").inputs[0].name == long
    assert_halves_agree(model, made, {"x": numbers(5)})


def test_behind_an_unheard_operator_the_spec_must_be_given() -> None:
    model = graph(
        "g (float[n, 4] x) => (float[n, 4] y) { a = local.Unheard(x)  b = Relu(a)  y = Neg(b) }"
    )
    with pytest.raises(
        CutError, match="the file does not say its number of axes; give its spec"
    ):
        cut(model, "a")
    made = cut(model, "a", spec=TensorSpec.parse("a: float32[batch, 4]"))
    assert str(read_signature(made.tail, "tail").inputs[0]) == "a: float32[batch, 4]"


def test_an_input_that_nothing_reads_stays_with_the_head() -> None:
    model = graph("g (float[n] x, float[n] idle) => (float[n] y) { a = Relu(x)  y = Neg(a) }")
    made = cut(model, "a")
    assert [each.name for each in read_signature(made.head, "head").inputs] == ["x", "idle"]


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (
            "x",
            "'x': it is an input of the graph, and one half would be empty; it can be cut at",
        ),
        ("y", "'y': it is an output of the graph"),
        (
            "b",
            "'b': the branch 'a' goes round it until its last Add node 'adds'; it can be cut",
        ),
        ("s", "'s': it does not depend on the numbers that the graph takes"),
    ],
)
def test_what_is_no_cut_is_refused_with_the_reason(at: str, text: str) -> None:
    model = graph(
        "g (float[n] x) => (float[n] y) { s = Shape(x)  a = Relu(x)  b = Tanh(a) "
        "[adds] c = Add(a, b)  d = Reshape(c, s)  y = Neg(d) }"
    )
    with pytest.raises(CutError, match=text):
        cut(model, at)


def test_an_unknown_tensor_is_refused_with_near_names() -> None:
    model = graph("g (float[n] x) => (float[n] y) { hidden = Relu(x)  y = Neg(hidden) }")
    with pytest.raises(UnknownNameError, match="no tensor of the graph 'hiden'; did you mean"):
        cut(model, "hiden")


def test_the_callers_model_is_left_as_it_is() -> None:
    model = graph(SHARING)
    before = model.SerializeToString()
    assert isinstance(cut(model, "c"), Halves)
    assert model.SerializeToString() == before


def test_random_numbers_that_both_halves_need_are_refused() -> None:
    model = graph(
        "g (float[3] x, float[3] h) => (float[3] y, float[3] s) "
        "{ n = RandomNormalLike(x)  a = Add(x, n)  b = Tanh(a)  c = RandomNormalLike(b) "
        "d = Add(b, c)  y = Neg(d)  s = Add(d, h) }"
    )
    with pytest.raises(CutError, match="both halves would draw the random numbers 'c' anew"):
        cut(model, "b", notion=ToOutput("y"))


def test_what_the_file_notes_of_values_inside_is_kept() -> None:
    model = graph(
        "g (float[n] x) => (float[n] y) <float[n] b> "
        "{ a = Relu(x)  b = local.Unheard(a)  c = Neg(b)  y = Tanh(c) }"
    )
    head, tail = halves(model, "c")
    assert [each.name for each in head.graph.value_info] == ["b"]
    assert [each.name for each in tail.graph.value_info] == []


def test_a_shape_that_is_itself_an_output_is_needed_whole() -> None:
    model = graph(
        "g (float[batch, time] x) => (float[batch, one] y, int64[2] s) <int64[1] zero = {0}> "
        "{ s = Shape(x)  a = ReduceSum<keepdims = 1>(x, last)  b = Tanh(a) "
        "n = Gather(s, zero)  y = Neg(b) }"
    )
    model.graph.initializer.append(helper.make_tensor("last", TensorProto.INT64, [1], [1]))
    made = cut(model, "b")
    assert made.at.tail_inputs == ("b", "x.shape")
    assert_halves_agree(model, made, {"x": numbers(3, 5)})


def test_axes_of_minus_one_are_not_multiplied() -> None:
    model = graph(
        "g (float[p, q, 3] x) => (float[r, s] y) "
        "{ a = Flatten<axis = 2>(x)  b = Relu(a)  y = Neg(b) }"
    )
    for value in (model.graph.input[0], model.graph.output[0]):
        for dim in value.type.tensor_type.shape.dim[:2]:
            dim.dim_value = -1
    made = cut(model, "b")
    assert made.at.axes == ("?", 3)
    assert_halves_agree(model, made, {"x": numbers(2, 2, 3)})
