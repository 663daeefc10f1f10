"""`transcoder export-path` writes the file and says what stays outside of it."""

import json
from pathlib import Path

import onnxruntime
from typer.testing import CliRunner

from tests.tiny_world import write_tiny_world
from transcoder.cli import app


def test_a_path_is_written_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    world, registry = str(write_tiny_world(tmp_path / "world")), str(tmp_path / "reg")
    place = str(tmp_path / "chain.onnx")
    CliRunner().invoke(app, ["apply", world, "--registry", registry])
    verb = ["export-path", "text<en>", "text<de>", "-o", place, "--registry", registry]
    said = CliRunner().invoke(app, verb).stdout
    assert "left out, run it before: text<en> => [B.tokenizer] => tokens<Ben>" in said
    assert "left out, run it after: logits<Cleo> => [C.decoder] => text<de>" in said
    assert "takes tokens: int64[batch, time]" in said
    assert onnxruntime.InferenceSession(place).get_outputs()[0].name == "logits"
    told = json.loads(CliRunner().invoke(app, [*verb, "--json"]).stdout)
    assert (told["output"], told["difference"] < 1e-6) == (place, True)
    assert [each["name"] for each in told["before"]] == ["B.tokenizer"]


def test_a_path_without_a_network_is_one_sentence(tmp_path: Path) -> None:
    world, registry = str(write_tiny_world(tmp_path / "world")), str(tmp_path / "reg")
    CliRunner().invoke(app, ["apply", world, "--registry", registry])
    place = str(tmp_path / "chain.onnx")
    verb = ["export-path", "text<en>", "tokens<Ann>", "-o", place, "--registry", registry]
    failed = CliRunner().invoke(app, verb)
    assert (failed.exit_code, failed.stderr.count("\n")) == (1, 1)
    assert "it has no segment" in failed.stderr
