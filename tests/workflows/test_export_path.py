"""The networks of a path become one ONNX file that computes the same."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from tests.registry.registry_worlds import LATENT, TOKENS, filled_registry
from tests.tiny_world import write_tiny_world
from transcoder.errors import PathExportError
from transcoder.vocabulary import EdgePath, Exactness, Oracle
from transcoder.workflows import Middleware


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Middleware:
    folder = tmp_path_factory.mktemp("tiny")
    opened = Middleware.open(folder / "registry", create=True)
    opened.apply(write_tiny_world(folder / "world"))
    return opened


def test_the_file_takes_and_gives_what_the_specs_name(tiny: Middleware) -> None:
    found = tiny.export_path(tiny.get_path("text<en>", "text<de>"))
    assert [str(each) for each in found.signature.inputs] == ["tokens: int64[batch, time]"]
    assert [each.name for each in found.signature.outputs] == ["logits"]
    assert [oracle.name for oracle in found.before] == ["B.tokenizer"]
    assert [oracle.name for oracle in found.after] == ["C.decoder"]
    assert found.difference < 1e-6


def test_the_file_computes_what_convert_does(tiny: Middleware) -> None:
    path = tiny.get_path("tokens<Ben>", "logits<Cleo>")
    session = onnxruntime.InferenceSession(tiny.export_path(path).onnx)
    row = np.array([3, 17], dtype=np.int64)
    (given,) = session.run(["logits"], {"tokens": np.stack([row, row])})
    wanted = tiny.convert({"tokens": row}, path)
    assert isinstance(wanted, dict)
    np.testing.assert_allclose(given[1], wanted["logits"], rtol=1e-5)


def test_a_name_at_both_ends_says_its_side(tmp_path: Path) -> None:
    opened = Middleware(filled_registry(tmp_path))
    found = opened.export_path(opened.get_path("tokens<EnDe>", "text_latent", ["EnTTS"]))
    assert [each.name for each in found.signature.inputs] == ["source.hidden"]
    assert [each.name for each in found.signature.outputs] == ["target.hidden"]
    session = onnxruntime.InferenceSession(found.onnx)
    (given,) = session.run(None, {"source.hidden": np.ones((4, 8), dtype=np.float32)})
    assert (given == 2 * 3).all()


def test_only_what_the_last_network_gives_is_given(tmp_path: Path) -> None:
    opened = Middleware.open(tmp_path / "registry", create=True)
    both = ["hidden: float32[batch, time, 2]", "mask: bool[batch, time]"]
    with opened.transaction() as changes:
        changes.register_modality_type("tokens", ["V"])
        changes.register_modality("tokens<Net>", (), both)
        changes.register_modality("{M}", (), both)
        changes.register_modality("{E}", (), ["pooled: float32[batch, 2]"])
        changes.register_model("M", "tokens<Net>", "{M}", _masked_identity(), names=MASKED)
        changes.register_model("E", "{M}", "{E}", _mean(["hidden"]))
    found = opened.export_path(opened.get_path("tokens<Net>", "{E}"))
    assert [each.name for each in found.signature.outputs] == ["pooled"]


def test_networks_that_look_at_padding_are_found_out(tmp_path: Path) -> None:
    opened = Middleware.open(tmp_path / "registry", create=True)
    both = ["hidden: float32[batch, time, 2]", "mask: bool[batch, time]"]
    with opened.transaction() as changes:
        changes.register_modality_type("tokens", ["V"])
        changes.register_modality("tokens<Net>", (), both)
        changes.register_modality("{M}", (), both)
        changes.register_modality("{E}", (), ["pooled: float32[batch, 2]"])
        shifted = _masked_identity(shift=1.0)
        changes.register_model("M", "tokens<Net>", "{M}", shifted, names=MASKED)
        changes.register_model("E", "{M}", "{E}", _mean(["hidden"]))
    path = opened.get_path("tokens<Net>", "{E}")
    with pytest.raises(PathExportError, match=r"differs by .* mixes rows with their padding"):
        opened.export_path(path)


def test_an_oracle_between_networks_is_one_sentence(tmp_path: Path) -> None:
    catalog = filled_registry(tmp_path).catalog()
    between = Oracle("again", "t", LATENT, TOKENS, Exactness.EXACT, "m:C", "1")
    segments = [each for each in catalog.find_current() if each.name in {"EnDe", "EnTTS"}]
    path = EdgePath(TOKENS, (segments[0], between, segments[1]))
    with pytest.raises(PathExportError, match="the oracle 'again' stands between networks"):
        Middleware(filled_registry(tmp_path)).export_path(path)


def test_a_path_of_programs_is_one_sentence(tiny: Middleware) -> None:
    path = tiny.get_path("text<en>", "tokens<Ann>")
    with pytest.raises(PathExportError, match="it has no segment, and a program cannot go"):
        tiny.export_path(path)


MASKED = {"target.hidden": "y", "target.mask": "kept"}


def _masked_identity(shift: float = 0.0) -> bytes:
    nodes = [
        helper.make_node("Add", ["hidden", "shift"], ["y"]),
        helper.make_node("Identity", ["mask"], ["kept"]),
    ]
    weight = helper.make_tensor("shift", TensorProto.FLOAT, [], [shift])
    ends = [("hidden", TensorProto.FLOAT, HIDDEN), ("mask", TensorProto.BOOL, HIDDEN[:2])]
    outs = [("y", TensorProto.FLOAT, HIDDEN), ("kept", TensorProto.BOOL, HIDDEN[:2])]
    return _model(nodes, ends, outs, [weight])


def _mean(names: list[str]) -> bytes:
    nodes = [helper.make_node("ReduceSum", [*names, "axes"], ["pooled"], keepdims=0)]
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    ends = [("hidden", TensorProto.FLOAT, HIDDEN)]
    return _model(nodes, ends, [("pooled", TensorProto.FLOAT, ["batch", 2])], [axes])


HIDDEN: list[str | int] = ["batch", "time", 2]
_End = tuple[str, int, list[str | int]]


def _model(
    nodes: list[onnx.NodeProto],
    inputs: Sequence[_End],
    outputs: Sequence[_End],
    weights: list[onnx.TensorProto],
) -> bytes:
    takes = [helper.make_tensor_value_info(*each) for each in inputs]
    gives = [helper.make_tensor_value_info(*each) for each in outputs]
    graph = helper.make_graph(nodes, "net", takes, gives, weights)
    opset = helper.make_opsetid("", 18)
    return bytes(
        helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()
    )
