"""Latencies: measured once, kept beside the registry, used by the planner."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.tiny_world import write_tiny_world
from transcoder.cli import app
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
