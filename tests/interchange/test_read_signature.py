import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper

from tests.interchange.tiny_models import serialized, tiny_model
from transcoder.errors import InvalidModelError
from transcoder.interchange import UNKNOWN_AXIS, read_signature
from transcoder.vocabulary import Signature, TensorSpec


def test_a_signature_says_what_the_file_takes_and_gives() -> None:
    data = serialized(tiny_model())
    assert read_signature(data, "Tiny") == Signature(
        inputs=(TensorSpec.parse("x: float32[batch, 8]"),),
        outputs=(TensorSpec.parse("y: float32[batch, 4]"),),
        opset=18,
        parameters=32,
        size_bytes=len(data),
    )


def test_an_initializer_among_the_inputs_is_no_input() -> None:
    model = tiny_model()
    listed = helper.make_tensor_value_info("weight", TensorProto.FLOAT, (8, 4))
    model.graph.input.append(listed)
    assert [each.name for each in read_signature(serialized(model), "T").inputs] == ["x"]


@pytest.mark.parametrize("axis", [-1, 0, None, "None", "", "-1", "unk__3"])
def test_an_axis_that_says_nothing_is_unknown(axis: str | int | None) -> None:
    data = serialized(tiny_model(("batch", axis)))
    assert read_signature(data, "Tiny").inputs[0].axes == ("batch", UNKNOWN_AXIS)


def test_shape_inference_fills_in_what_an_output_leaves_open() -> None:
    data = serialized(tiny_model(outputs=(None, None)))
    assert read_signature(data, "Tiny").outputs[0].axes == ("batch", 4)


def test_an_output_without_a_shape_is_inferred() -> None:
    model = tiny_model()
    model.graph.output[0].type.tensor_type.ClearField("shape")
    assert read_signature(serialized(model), "Tiny").outputs[0].axes == ("batch", 4)


def _cut(model: ModelProto) -> bytes:
    return serialized(model)[:-30]


def _without_opset(model: ModelProto) -> bytes:
    model.ClearField("opset_import")
    return serialized(model)


def _with_foreign_opset(model: ModelProto) -> bytes:
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return serialized(model)


def _with_external_data(model: ModelProto) -> bytes:
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../weights.bin")
    return serialized(model)


def _with_hidden_external_data(model: ModelProto) -> bytes:
    constant = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[1])
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value="weights.bin")
    inner = helper.make_graph([], "inner", [], [], [constant])
    node = helper.make_node("If", ["x"], ["z"], then_branch=inner, else_branch=inner)
    model.graph.node.append(node)
    return serialized(model)


def _with_a_hanging_node(model: ModelProto) -> bytes:
    model.graph.node.append(helper.make_node("Relu", ["nowhere"], ["z"]))
    return serialized(model)


def _without_outputs(model: ModelProto) -> bytes:
    model.graph.ClearField("output")
    return serialized(model)


def _without_rank(model: ModelProto) -> bytes:
    model.graph.input[0].type.tensor_type.ClearField("shape")
    return serialized(model)


def _with_a_sequence(model: ModelProto) -> bytes:
    value = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)
    model.graph.input.append(value)
    return serialized(model)


def _with_complex_numbers(model: ModelProto) -> bytes:
    value = helper.make_tensor_value_info("c", TensorProto.COMPLEX64, ("batch",))
    model.graph.input.append(value)
    return serialized(model)


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (_cut, "'Tiny' cannot be used: .* cut short .*; get the file again"),
        (lambda _: b"", "its 0 bytes hold no graph"),
        (lambda _: b"\xff\xfe not onnx", "damaged, cut short or no ONNX file"),
        (_without_opset, "does not say which ONNX operator set .* opset 17 or newer"),
        (_with_foreign_opset, "does not say which ONNX operator set"),
        (_with_external_data, "'weight' in another file, not yet supported from bytes"),
        (_with_hidden_external_data, "'far' in another file, not yet supported from bytes"),
        (_with_a_hanging_node, "nowhere"),
        (_without_outputs, "gives no output"),
        (_without_rank, "its input 'x' does not say how many axes it has"),
        (_with_a_sequence, "its input 's' is no tensor but sequence_type"),
        (_with_complex_numbers, "'c' is of the type complex64, which no spec can carry"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    damage: Callable[[ModelProto], bytes], text: str
) -> None:
    with pytest.raises(InvalidModelError, match=text):
        read_signature(damage(tiny_model()), "Tiny")


@given(st.integers(min_value=0, max_value=len(serialized(tiny_model())) - 1))
def test_wherever_a_file_is_cut_it_is_refused_or_still_whole(length: int) -> None:
    data = serialized(tiny_model())[:length]
    with pytest.raises(InvalidModelError):
        read_signature(data, "Tiny")


@given(st.binary(max_size=200))
def test_random_bytes_never_end_in_another_error(data: bytes) -> None:
    with pytest.raises(InvalidModelError):
        read_signature(data, "Tiny")


def test_comparing_nouns_does_not_load_onnx() -> None:
    script = "import sys, transcoder.interchange; sys.exit('onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
