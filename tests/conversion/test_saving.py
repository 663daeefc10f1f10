"""Converted networks go through copies and files with their present weights."""

import copy
import io

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from tests.conversion.onnx_graphs import graph_model
from transcoder.conversion import OnnxModule, to_torch

ROWS = torch.ones(2, 3)
YES, NO = torch.tensor(True), torch.tensor(False)  # noqa: FBT003  # the values of tensors


def branching(*, trainable: bool) -> OnnxModule:
    """Multiply by one of two weights of the same name, each inside its branch."""

    def branch(name: str, weight: float) -> object:
        inner = numpy_helper.from_array(np.full(3, weight, np.float32), "w")
        return helper.make_graph(
            [helper.make_node("Mul", ["x", "w"], [name])], name, [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)], [inner],
        )  # fmt: skip

    branches = {"then_branch": branch("a", 2), "else_branch": branch("b", 5)}
    node = helper.make_node("If", ["c"], ["y"], **branches)  # type: ignore[arg-type]  # any attribute
    inputs = {"x": ROWS.numpy(), "c": YES.numpy()}
    return to_torch(graph_model([node], inputs, ["y"]), trainable=trainable)


def first(module: OnnxModule) -> tuple[float, float]:
    given = [module(ROWS, each) for each in (YES, NO)]
    a, b = (each[0, 0].item() for each in given if isinstance(each, torch.Tensor))
    return a, b


def test_weights_of_the_same_name_in_two_branches_stay_two() -> None:
    assert first(branching(trainable=False)) == (2, 5)


def test_trained_weights_inside_branches_are_copied_and_saved() -> None:
    module = branching(trainable=True)
    result = module(ROWS, YES)
    assert isinstance(result, torch.Tensor)
    torch.autograd.backward(result.sum())
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(10)
    copied = copy.deepcopy(module)
    restored = OnnxModule.from_onnx(module.to_onnx(), trainable=True)
    assert first(copied) == first(restored) == (20, 50)
    assert all(weight.requires_grad for weight in restored.parameters())


def test_its_bytes_are_all_that_a_safe_file_needs() -> None:
    file = io.BytesIO()
    torch.save({"onnx": branching(trainable=False).to_onnx()}, file)
    file.seek(0)
    content = torch.load(file, weights_only=True)["onnx"]
    assert first(OnnxModule.from_onnx(content)) == (2, 5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_it_runs_in_every_floating_type(dtype: torch.dtype) -> None:
    module = branching(trainable=False).to(dtype)
    result = module(ROWS.to(dtype), YES)
    assert isinstance(result, torch.Tensor)
    assert result.dtype is dtype
    assert result.eq(2).all()


def test_it_moves_to_another_device() -> None:
    node = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("Add", ["x", "zeros"], ["t"]),
        helper.make_node("MatMul", ["t", "w"], ["y"]),
    ]
    weights = {"w": np.ones((3, 4), np.float32)}
    module = to_torch(graph_model(node, {"x": ROWS.numpy()}, ["y"], weights=weights))
    module(ROWS)
    for _ in range(2):
        result = module.to("meta")(ROWS.to("meta"))
        assert isinstance(result, torch.Tensor)
        assert (result.device.type, result.shape) == ("meta", (2, 4))
