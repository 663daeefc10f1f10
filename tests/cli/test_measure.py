"""Latencies: measured once, kept beside the registry, used by the planner."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner, Result

from tests.tiny_world import write_tiny_world
from transcoder.cli import app
from transcoder.errors import CommitError, ConversionError
from transcoder.vocabulary import Score
from transcoder.workflows import Middleware


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    world = write_tiny_world(tmp_path / "world")
    CliRunner().invoke(app, ["apply", str(world), "--registry", str(tmp_path / "reg")])
    return tmp_path / "reg"


def call(registry: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--registry", str(registry)])


def test_what_is_measured_is_what_paths_count_with(registry: Path) -> None:
    measured = json.loads(call(registry, "measure", "B", "--json").stdout)["measured"]
    to_latent = next(each for each in measured if each["segment"].endswith("text_latent@1"))
    assert to_latent["latency_ms"] > 0
    shown = json.loads(call(registry, "path", "text<en>", "text_latent", "--json").stdout)
    assert shown["edges"][1]["latency_ms"] == to_latent["latency_ms"]


def test_a_terminal_that_is_forced_does_not_mix_with_the_json(
    registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert json.loads(call(registry, "measure", "--json").stdout)["measured"]


def test_nothing_is_measured_twice_unless_asked_for(registry: Path) -> None:
    first = json.loads(call(registry, "measure", "--json").stdout)["measured"]
    reasons = {each["segment"]: each["reason"] for each in first if each["reason"]}
    ran = [each for each in first if not each["reason"]]
    assert ran
    again = json.loads(call(registry, "measure", "--json").stdout)["measured"]
    assert {each["segment"] for each in again} == set(reasons)
    assert len(
        json.loads(call(registry, "measure", "--again", "--json").stdout)["measured"]
    ) == (len(first))


def test_what_is_measured_when_it_is_registered_is_a_score_of_the_version(
    tmp_path: Path,
) -> None:
    world = write_tiny_world(tmp_path / "world")
    assert call(tmp_path / "reg", "apply", str(world), "--measure").exit_code == 0
    segment, file = Middleware.open(tmp_path / "reg").get_model("A")
    score = segment.maybe_score("latency_ms")
    assert score is not None
    ends = str(segment.source), str(segment.target)
    (tmp_path / "again.onnx").write_bytes(file)
    again = ["A2", *ends, str(tmp_path / "again.onnx"), "--measure"]
    names = [f"--name={spec}={graph}" for spec, graph in segment.names.items()]
    assert call(tmp_path / "reg", "register", "model", *again, *names).exit_code == 0
    opened = Middleware.open(tmp_path / "reg")
    shown = opened.explain_path(opened.get_path(*ends, pieces=["A2"])).edges[0]
    assert opened.get_model("A2")[0].scores[0].value == shown.latency_ms
    assert not json.loads(call(tmp_path / "reg", "measure", "A", "--json").stdout)["measured"]


def test_a_world_that_is_applied_again_is_not_measured_again(tmp_path: Path) -> None:
    world = write_tiny_world(tmp_path / "world")
    opened = Middleware.open(tmp_path / "reg", create=True)
    opened.apply(world, measure=True)
    before = opened.catalog
    assert not opened.apply(world, measure=True).changed
    assert opened.catalog is before


def test_what_is_measured_here_counts_before_what_a_version_brings(registry: Path) -> None:
    opened = Middleware.open(registry)
    segment, file = opened.get_model("A")
    ends = str(segment.source), str(segment.target)
    far = [Score("latency_ms", 5000.0, 1)]
    opened.register_model("Far", *ends, file, names=segment.names, scores=far)
    assert not list(opened.measure(["Far"]))
    assert [each.segment.name for each in opened.measure(["Far"], again=True)] == ["Far"]
    shown = opened.explain_path(opened.get_path(*ends, pieces=["Far"])).edges[0]
    assert shown.latency_ms < 5000.0


def test_what_cannot_be_run_is_refused_where_it_is_to_be_measured(registry: Path) -> None:
    opened = Middleware.open(registry)
    for name in "xy":
        opened.register_modality(f"{{{name}}}", spec=[f"{name}: float32[batch, time]"])
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "time"])
        for name in "xy"
    ]
    weight = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    graph = helper.make_graph(nodes, "four", ends[:1], ends[1:], [weight])
    opset = helper.make_opsetid("", 18)
    file = helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()
    with pytest.raises(ConversionError, match=r"ONNX Runtime refused 'x' \(1, 16\)"):
        opened.register_model("Four", "{x}", "{y}", file, measure=True)
    with pytest.raises(CommitError, match=r"no modality '{z}'"):
        opened.register_model("Four", "{x}", "{z}", file, measure=True)
    assert "Four" not in {key.model for key in opened.catalog.segments}


def test_measuring_changes_nothing_in_the_registry(registry: Path) -> None:
    opened = Middleware.open(registry)
    before = opened.catalog
    list(opened.measure())
    assert opened.catalog is before
    assert opened.get_path("text<en>", "text_latent") == opened.get_path(
        "text<en>", "text_latent"
    )


def test_an_unknown_model_and_a_damaged_file_are_one_sentence(registry: Path) -> None:
    assert "there is no model 'BB'; did you mean 'B'" in call(registry, "measure", "BB").stderr
    (registry / "latencies.json").write_text("[1]", "utf-8")
    failed = call(registry, "path", "text<en>", "text<de>")
    assert failed.exit_code == 1
    assert "delete it and run: transcoder measure" in failed.stderr
