"""A tiny world and a finished run on it, made once."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tiny_world import write_tiny_world
from transcoder.recipe import (
    RegistryConfig,
    ResidualConfig,
    RunConfig,
    TrainerConfig,
    TranscoderConfig,
)
from transcoder.reports import RunResult
from transcoder.runs import train


def tiny_config(folder: Path, **changes: object) -> RunConfig:
    """A run of a few steps on the tiny world in a folder, with its registry beside it."""
    config = RunConfig(
        name="tiny",
        world=str(folder / "world" / "world.yaml"),
        transcoder=TranscoderConfig("A_to_text", "{A}", "text_latent"),
        adapter=ResidualConfig(hidden=32),
        trainer=TrainerConfig(max_epochs=2),
        registry=RegistryConfig(url=str(folder / "registry")),
        resamples=200,
    )
    return replace(config, **changes)  # type: ignore[arg-type]  # the fields of RunConfig


def finish(config: RunConfig) -> RunResult:
    """Train, and give the result."""
    result = train(config)
    assert result is not None
    return result


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """A run on a fresh tiny world."""
    write_tiny_world(tmp_path / "world")
    return tiny_config(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunConfig, RunResult]:
    """A finished run; tests may add runs to its registry but not spoil it."""
    folder = tmp_path_factory.mktemp("finished")
    write_tiny_world(folder / "world")
    config = tiny_config(folder)
    return config, finish(config)
