"""What cannot be converted is said before anything runs."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from tests.conversion.onnx_graphs import graph_model
from transcoder.conversion import supported_operators, to_torch
from transcoder.errors import ConversionError, InvalidModelError, UnsupportedOperatorError

ROWS = {"x": np.zeros((2, 3), np.float32)}


def test_an_unknown_operator_is_named_with_its_node_and_opset() -> None:
    node = helper.make_node("Unheard", ["x", "x"], ["y"], name="boxes")
    with pytest.raises(
        UnsupportedOperatorError,
        match=r"operator 'Unheard' \(node 'boxes', opset 23\) cannot be converted",
    ):
        to_torch(graph_model([node], ROWS, ["y"], opset=23))


def test_an_unknown_attribute_is_refused() -> None:
    node = helper.make_node("Relu", ["x"], ["y"], slope=0.5)
    with pytest.raises(UnsupportedOperatorError, match="its attribute 'slope' has no meaning"):
        to_torch(graph_model([node], ROWS, ["y"], opset=23))


def test_an_operator_of_another_domain_is_refused() -> None:
    node = helper.make_node("FusedGelu", ["x"], ["y"], domain="com.other")
    model = onnx.load_from_string(graph_model([node], ROWS, ["y"], opset=23))
    model.opset_import.append(helper.make_opsetid("com.other", 1))
    with pytest.raises(UnsupportedOperatorError, match="nothing is known of the operators of"):
        to_torch(model)


def test_a_dropout_that_trains_is_refused() -> None:
    node = helper.make_node("Dropout", ["x", "ratio", "mode"], ["y"])
    weights = {"ratio": np.array(0.5, np.float32), "mode": np.array(True)}  # noqa: FBT003  # the value of a tensor
    with pytest.raises(UnsupportedOperatorError, match="drops at random, as in training"):
        to_torch(graph_model([node], ROWS, ["y"], weights=weights))


@pytest.mark.parametrize("content", [b"", b"\x08", b"no network"])
def test_bytes_that_are_no_network_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidModelError, match="cannot be used"):
        to_torch(content)


def test_a_network_of_a_newer_opset_is_refused() -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    model = onnx.load_from_string(graph_model([node], ROWS, ["y"]))
    model.opset_import[0].version = 99
    with pytest.raises(InvalidModelError, match="its opset is 99, this version reads 1 to"):
        to_torch(model)


def test_weights_outside_the_file_are_refused() -> None:
    node = helper.make_node("Add", ["x", "w"], ["y"])
    model = onnx.load_from_string(
        graph_model([node], ROWS, ["y"], weights={"w": np.zeros(3, np.float32)})
    )
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    with pytest.raises(
        InvalidModelError, match="in another file, not yet supported from bytes"
    ):
        to_torch(model)


def test_a_shape_that_does_not_fit_names_the_node() -> None:
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="mix")
    module = to_torch(
        graph_model([node], ROWS, ["y"], weights={"w": np.ones((3, 2), np.float32)})
    )
    with pytest.raises(ConversionError, match="MatMul 'mix' failed"):
        module(torch.zeros(2, 5))


def test_a_wrong_number_of_inputs_is_said_with_their_names() -> None:
    module = to_torch(graph_model([helper.make_node("Relu", ["x"], ["y"])], ROWS, ["y"]))
    with pytest.raises(ConversionError, match=r"it takes 1 tensors \(x\), 2 came"):
        module(torch.zeros(1), torch.zeros(1))


def test_supported_operators_are_named_in_order() -> None:
    names = supported_operators()
    assert {"GRU", "Conv", "If", "Resize"} < set(names)
    assert list(names) == sorted(names)


def test_functions_that_call_each_other_are_refused() -> None:
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]

    def calling(name: str, called: str) -> onnx.FunctionProto:
        node = helper.make_node(called, ["x"], ["y"], domain="own")
        return helper.make_function("own", name, ["x"], ["y"], [node], opsets)

    takes, gives = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b"]) for n in "xy")
    node = helper.make_node("first", ["x"], ["y"], domain="own")
    model = helper.make_model(
        helper.make_graph([node], "circle", [takes], [gives]),
        functions=[calling("first", "second"), calling("second", "first")],
        opset_imports=opsets,
    )
    with pytest.raises(
        InvalidModelError, match="functions 'first' and 'second' call each other"
    ):
        to_torch(model.SerializeToString())
