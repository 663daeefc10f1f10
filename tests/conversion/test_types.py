"""Types that torch does not compute on: text, few bits, unsigned integers."""

import copy
from collections.abc import Mapping

import ml_dtypes
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from transcoder.conversion import OnnxModule, to_torch
from transcoder.errors import InvalidModelError, UnsupportedOperatorError

Kinds = Mapping[str, int]


def typed_model(
    nodes: list[onnx.NodeProto], inputs: Kinds, output: str, *,
    weights: Mapping[str, NDArray[np.generic]] | None = None,
    domains: Mapping[str, int] | None = None,
) -> onnx.ModelProto:  # fmt: skip
    """Write a graph of any types, its axes unnamed."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kind, None) for name, kind in inputs.items()],
        [helper.make_value_info(output, onnx.TypeProto())],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    sets = [helper.make_opsetid(*each) for each in (domains or {"": 25}).items()]
    return helper.make_model(graph, opset_imports=sets)


def text(*words: str) -> NDArray[np.object_]:
    return np.array(words, dtype=object)


def int4_net() -> OnnxModule:
    """Quantize to INT4 by the type of the zero point and back."""
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ]
    weights: dict[str, NDArray[np.generic]] = {
        "s": np.array(0.5, np.float32),
        "z": np.array(1, ml_dtypes.int4),
    }
    return to_torch(typed_model(nodes, {"x": TensorProto.FLOAT}, "y", weights=weights))


def test_the_type_of_a_zero_point_bounds_what_is_quantized() -> None:
    result = int4_net()(torch.tensor([-9.0, 0.3, 9.0]))
    assert result.tolist() == [-4.5, 0.5, 3.0]


def test_a_copy_of_a_net_with_few_bits_gives_the_same() -> None:
    module, value = int4_net(), torch.linspace(-5, 5, 21)
    assert torch.equal(copy.deepcopy(module)(value), module(value))


@pytest.mark.parametrize("name", ["FLOAT8E4M3FN", "FLOAT8E5M2FNUZ", "FLOAT4E2M1", "UINT2"])
def test_casts_to_few_bits_round_as_ml_dtypes(name: str) -> None:
    number = int(TensorProto.DataType.Value(name))
    nodes = [
        helper.make_node("Cast", ["x"], ["n"], to=number),
        helper.make_node("Cast", ["n"], ["y"], to=TensorProto.FLOAT),
    ]
    values = np.random.default_rng(0).uniform(0, 3, 200).astype(np.float32)
    wanted = values.astype(helper.tensor_dtype_to_np_dtype(number)).astype(np.float32)
    result = to_torch(typed_model(nodes, {"x": TensorProto.FLOAT}, "y"))(torch.tensor(values))
    np.testing.assert_array_equal(result.numpy(), wanted)


UNSIGNED = {np.uint16: "UINT16", np.uint32: "UINT32", np.uint64: "UINT64"}
NUMPY = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.floor_divide,
    "Mod": np.mod, "Max": np.maximum, "Min": np.minimum, "Less": np.less,
    "GreaterOrEqual": np.greater_equal,
}  # fmt: skip


@pytest.mark.parametrize("kind", UNSIGNED)
@pytest.mark.parametrize("operator", NUMPY)
@settings(max_examples=20)
@given(data=st.data())
def test_unsigned_arithmetic_is_that_of_numpy(
    operator: str, kind: type[np.unsignedinteger], data: st.DataObject
) -> None:
    most = np.iinfo(kind).max
    numbers = st.one_of(st.integers(1, most), st.sampled_from([1, 2, most // 2 + 1, most]))
    left, right = (np.array([data.draw(numbers)], kind) for _ in range(2))
    number = int(TensorProto.DataType.Value(UNSIGNED[kind]))
    node = helper.make_node(operator, ["a", "b"], ["y"])
    module = to_torch(typed_model([node], {"a": number, "b": number}, "y"))
    result = module(torch.from_numpy(left), torch.from_numpy(right))
    np.testing.assert_array_equal(result.numpy(), NUMPY[operator](left, right))


def test_text_goes_in_and_comes_out_as_arrays_of_strings() -> None:
    nodes = [
        helper.make_node("Constant", [], ["tail"], value_strings=["!"]),
        helper.make_node("StringConcat", ["x", "tail"], ["y"]),
    ]
    module = to_torch(typed_model(nodes, {"x": TensorProto.STRING}, "y"))
    assert copy.deepcopy(module)(text("a", "b")).tolist() == ["a!", "b!"]


def test_text_may_be_a_single_constant_of_the_file() -> None:
    tail = numpy_helper.from_array(np.array("!", dtype=object), "tail")
    node = helper.make_node("StringConcat", ["x", "tail"], ["y"])
    model = typed_model([node], {"x": TensorProto.STRING}, "y")
    model.graph.initializer.append(tail)
    assert to_torch(model)(text("a", "b")).tolist() == ["a!", "b!"]


def test_text_is_refused_where_an_operator_has_no_meaning_for_it() -> None:
    node = helper.make_node("Tile", ["x", "n"], ["y"])
    inputs = {"x": TensorProto.STRING, "n": TensorProto.INT64}
    with pytest.raises(UnsupportedOperatorError, match="it has no meaning here for text"):
        to_torch(typed_model([node], inputs, "y"))


def test_a_cast_like_a_value_of_no_known_type_is_refused_among_few_bits() -> None:
    nodes = [
        helper.make_node("SequenceAt", ["s", "i"], ["like"]),
        helper.make_node("CastLike", ["x", "like"], ["y"]),
    ]
    inputs = {"x": TensorProto.INT4, "i": TensorProto.INT64}
    model = typed_model(nodes, inputs, "y")
    model.graph.input.append(helper.make_tensor_sequence_value_info("s", 0, None))
    with pytest.raises((InvalidModelError, UnsupportedOperatorError)):
        to_torch(model)


def test_bits_of_a_type_that_torch_only_names_are_refused() -> None:
    node = helper.make_node("BitCast", ["x"], ["y"], to=TensorProto.UINT4)
    with pytest.raises(UnsupportedOperatorError, match="the bits of so few do not stand alone"):
        to_torch(typed_model([node], {"x": TensorProto.INT4}, "y", domains={"": 26}))


def test_a_model_of_another_domain_alone_needs_no_default_opset() -> None:
    node = helper.make_node("Binarizer", ["x"], ["y"], domain="ai.onnx.ml", threshold=0.5)
    model = typed_model([node], {"x": TensorProto.FLOAT}, "y", domains={"ai.onnx.ml": 1})
    assert to_torch(model)(torch.tensor([0.0, 0.5, 1.0])).tolist() == [0.0, 0.0, 1.0]


def test_an_encoder_maps_what_is_no_number() -> None:
    node = helper.make_node(
        "LabelEncoder", ["x"], ["y"], domain="ai.onnx.ml", keys_floats=[1.0, float("nan")],
        values_int64s=[7, 8], default_int64=9,
    )  # fmt: skip
    model = typed_model([node], {"x": TensorProto.FLOAT}, "y", domains={"ai.onnx.ml": 4})
    assert to_torch(model)(torch.tensor([float("nan"), 1.0, 2.0])).tolist() == [8, 7, 9]


def test_a_model_given_is_not_changed() -> None:
    node = helper.make_node("Add", ["a", "b"], ["y"])
    model = typed_model([node], {"a": TensorProto.UINT32, "b": TensorProto.UINT32}, "y")
    before = model.SerializeToString()
    to_torch(model)
    assert model.SerializeToString() == before
