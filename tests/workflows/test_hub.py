"""All transcoders of a hub, one by one."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.sequence_world import write_sequence_world
from tests.workflows.conftest import tiny_config
from transcoder.errors import RecipeError
from transcoder.recipe import LinearConfig, RunConfig, TranscoderConfig
from transcoder.registry import Registry
from transcoder.workflows import Middleware, train


@pytest.fixture
def hub(config: RunConfig) -> RunConfig:
    """A hub run on the tiny world, whose network A has got a way out of its latent."""
    world = Path(str(config.world))
    text = world.read_text(encoding="utf-8")
    first = '    - {source: tokens<Ann>, target: "{A}", onnx: a.onnx}\n'
    back = '    - {source: "{A}", target: logits<Cleo>, onnx: a_decoder.onnx}\n'
    world.write_text(text.replace(first, first + back), "utf-8")
    auto = TranscoderConfig("auto", "auto", "auto")
    return replace(config, hub="text_latent", transcoder=auto, adapter=LinearConfig())


def test_a_hub_trains_there_and_back_and_ends_with_a_table(
    hub: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(hub) is None
    shown = " ".join(capsys.readouterr().out.split())
    assert "hub text_latent@1: text_latent_to_A, 1 of 2" in shown
    assert "hub text_latent@1: A_to_text_latent, 2 of 2" in shown
    models = {key.model for key in Registry.open(Path(hub.registry.url)).catalog().segments}
    assert {"A_to_text_latent", "text_latent_to_A"} <= models
    middleware = Middleware.open(hub.registry.url)
    assert middleware.get_path("text_latent", "{A}").edges[0].name == "text_latent_to_A"


def test_a_hub_that_no_network_stands_beside_is_refused(config: RunConfig) -> None:
    auto = TranscoderConfig("auto", "auto", "auto")
    with pytest.raises(
        RecipeError, match="no network has a latent of its own beside text_latent"
    ):
        train(replace(config, hub="text_latent", transcoder=auto))


def test_a_latent_that_nothing_leaves_is_no_member(tmp_path: Path) -> None:
    write_sequence_world(tmp_path / "world")
    auto = TranscoderConfig("auto", "auto", "auto")
    with pytest.raises(RecipeError, match="no network has a latent of its own"):
        train(tiny_config(tmp_path, hub="{Vector}", transcoder=auto))
