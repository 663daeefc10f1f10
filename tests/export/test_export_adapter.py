"""Adapters as files: the same numbers, the specs' names, the same bytes."""

import subprocess
import sys
from hashlib import sha256

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from typing_extensions import override

from tests.conversion.onnx_graphs import run_onnxruntime
from transcoder.conversion import to_torch
from transcoder.errors import AdapterMismatchError, ExportMismatchError
from transcoder.export import Exported, export_adapter, export_affine
from transcoder.vocabulary import Spec

VECTOR = Spec.parse("hidden: float32[batch, 3]")
OTHER = Spec.parse("hidden: float32[batch, 2]")
SEQUENCE = Spec.parse("states: float32[batch, time, 3]", "mask: bool[batch, time]")
MASKED = Spec.parse("frames: float32[batch, time, 2]", "mask: bool[batch, time]")
FIVE = Spec.parse("states: float32[batch, 5, 3]")


class Residual(nn.Module):
    """A small adapter with a dropout, which must not reach the file."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.bend, self.drop = nn.Linear(3, 2), nn.Linear(3, 2), nn.Dropout(0.5)
        with torch.no_grad():
            for number, weight in enumerate(self.parameters()):
                weight.copy_(
                    torch.linspace(-1, 1, weight.numel()).reshape(weight.shape) * (number + 1)
                )

    @override
    def forward(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        hidden = tensors["hidden"]
        bent = self.drop(nn.functional.gelu(self.bend(hidden)))
        return {"hidden": self.line(hidden) + bent}


class Masked(nn.Module):
    """An adapter over time that hands a mask on."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(3, 2)

    @override
    def forward(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        frames = self.line(tensors["states"]) * tensors["mask"][..., None]
        return {"mask": tensors["mask"], "frames": frames}


class Drifting(nn.Module):
    """A module that computes something else each time."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    @override
    def forward(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        self.calls += 1
        return {"hidden": tensors["hidden"][:, :2] * self.calls}


ROWS = {"hidden": np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)}


def export_residual() -> Exported:
    """Export the residual adapter; also run by the other process below."""
    return export_adapter(Residual(), VECTOR, OTHER, example=ROWS)


@pytest.fixture(scope="module")
def exported() -> Exported:
    return export_residual()


def test_the_file_computes_what_the_module_computes(exported: Exported) -> None:
    (given,) = run_onnxruntime(exported.onnx, {"source.hidden": ROWS["hidden"][:1]})
    wanted = Residual().eval()({"hidden": torch.from_numpy(ROWS["hidden"][:1])})["hidden"]
    np.testing.assert_allclose(given, wanted.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_name_on_both_sides_is_qualified(exported: Exported) -> None:
    graph = onnx.load_from_string(exported.onnx).graph
    assert [each.name for each in graph.input] == ["source.hidden"]
    assert [each.name for each in graph.output] == ["target.hidden"]
    assert exported.names == {each: each for each in ("source.hidden", "target.hidden")}


def test_the_file_can_be_converted_back(exported: Exported) -> None:
    module = to_torch(exported.onnx)
    rows = torch.from_numpy(ROWS["hidden"])
    torch.testing.assert_close(module(rows), Residual().eval()({"hidden": rows})["hidden"])


def test_equal_weights_give_equal_bytes(exported: Exported) -> None:
    assert export_residual().onnx == exported.onnx


@pytest.mark.slow
def test_equal_weights_give_equal_bytes_in_another_process(exported: Exported) -> None:
    code = (
        "from hashlib import sha256;"
        "from tests.export.test_export_adapter import export_residual;"
        "print(sha256(export_residual().onnx).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == sha256(exported.onnx).hexdigest() + "\n"


def test_several_tensors_keep_their_names_and_named_axes() -> None:
    example = {"states": np.ones((1, 1, 3), np.float32), "mask": np.ones((1, 1), np.bool_)}
    file = export_adapter(Masked(), SEQUENCE, MASKED, example=example).onnx
    graph = onnx.load_from_string(file).graph
    assert [each.name for each in graph.input] == ["states", "source.mask"]
    assert [each.name for each in graph.output] == ["frames", "target.mask"]
    dims = graph.output[0].type.tensor_type.shape.dim
    axes = [dim.dim_param or dim.dim_value for dim in dims]
    assert axes == ["batch", "time", 2]
    longer = {
        "states": np.ones((2, 5, 3), np.float32),
        "source.mask": np.ones((2, 5), np.bool_),
    }
    assert run_onnxruntime(file, longer)[0].shape == (2, 5, 2)


def test_the_mode_of_the_module_is_as_before() -> None:
    module = Residual().train()
    export_adapter(module, VECTOR, OTHER, example=ROWS)
    assert all(each.training for each in module.modules())


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    export_residual()
    assert capfd.readouterr() == ("", "")


def test_a_file_that_computes_something_else_is_refused() -> None:
    with pytest.raises(ExportMismatchError, match="differs from the trained net by"):
        export_adapter(Drifting(), VECTOR, OTHER, example=ROWS)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (FIVE, Spec.parse("frames: float32[batch, 5, 2]")),
        (SEQUENCE, MASKED),
        (FIVE, MASKED),
        (SEQUENCE, OTHER),
        (FIVE, OTHER),
    ],
    ids=str,
)
def test_an_affine_map_sees_what_exists_and_no_padding(source: Spec, target: Spec) -> None:
    rng = np.random.default_rng(1)
    weight, bias = rng.standard_normal((3, 2)), rng.standard_normal(2)
    file = export_affine(weight, bias, source, target)
    rows = rng.standard_normal((2, 5, 3)).astype(np.float32)
    lengths = np.array([[5], [2]] if source == SEQUENCE else [[5], [5]])
    exists = np.arange(5) < lengths
    feed: dict[str, np.ndarray] = {"states": rows}
    if source == SEQUENCE:
        feed[file.names.get("source.mask", "mask")] = exists
    given = run_onnxruntime(file.onnx, feed)
    if target == OTHER:
        wanted = (rows * exists[..., None]).sum(axis=1) / lengths @ weight + bias
    else:
        wanted = (rows @ weight + bias) * exists[..., None]
    np.testing.assert_allclose(given[0], wanted, rtol=1e-5, atol=1e-5)
    assert [each.tolist() for each in given[1:]] == [exists.tolist()] * (target == MASKED)


def test_an_affine_map_of_another_width_is_refused() -> None:
    with pytest.raises(AdapterMismatchError, match="its weight is 4 by 2"):
        export_affine(np.ones((4, 2)), np.ones(2), VECTOR, OTHER)


def test_a_weight_of_low_rank_becomes_two_smaller_ones() -> None:
    random = np.random.default_rng(0)
    weight = random.normal(size=(12, 2)) @ random.normal(size=(2, 10))
    source, target = Spec.parse("a: float32[batch, 12]"), Spec.parse("b: float32[batch, 10]")
    whole, split = (
        export_affine(weight, np.ones(10), source, target, rank=rank) for rank in (None, 2)
    )
    x = random.normal(size=(3, 12)).astype(np.float32)
    outputs = [run_onnxruntime(each.onnx, {"a": x})[0] for each in (whole, split)]
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-5)
    shapes = [list(each.dims) for each in onnx.load_from_string(split.onnx).graph.initializer]
    assert sorted(shapes) == [[2, 10], [10], [12, 2]]
