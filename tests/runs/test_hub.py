"""All transcoders of a hub, one by one."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs.conftest import tiny_config
from tests.sequence_world import write_sequence_world
from transcoder.errors import RecipeError
from transcoder.recipe import (
    DataConfig,
    LinearConfig,
    OptimizerConfig,
    RunConfig,
    TrainerConfig,
    TranscoderConfig,
    WeightsConfig,
)
from transcoder.registry import Registry
from transcoder.runs import train
from transcoder.workflows import Middleware


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


def test_a_hub_goes_on_where_no_native_chain_is_good_enough_to_measure_by(
    hub: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    world = Path(str(hub.world))
    letters = "abcdefghijklmnopqrstuvwxyz"
    before, decoder, after = world.read_text("utf-8").partition("  C.decoder:")
    wrong = after.replace(letters, letters[::-1], 1)
    world.write_text(before + decoder + wrong, "utf-8")
    assert train(hub) is None
    shown = " ".join(capsys.readouterr().out.split())
    assert "hub text_latent@1: A_to_text_latent, 2 of 2" in shown
    assert shown.count("candidates are compared by latents alone") == 2
    assert shown.count("│ refused │") == 2


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


def test_a_hub_that_nobody_founded_is_learnt_and_joins_both(
    hub: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt = replace(
        hub,
        hub="global@1",
        hub_dim=32,
        trainer=TrainerConfig(max_epochs=8),
        optimizer=OptimizerConfig(learning_rate=3e-3),
        data=DataConfig(batch_size=64),
        weights=WeightsConfig(cycle=0.1),
    )
    assert train(learnt) is None
    assert "through global@1, test rows" in capsys.readouterr().out
    registry = Registry.open(Path(hub.registry.url))
    catalog = registry.catalog()
    made = {str(key) for key in catalog.segments if "global" in key.model}
    assert made == {
        "A_to_global: {A} -> global@1",
        "global_to_A: global@1 -> {A}",
        "global_to_text_latent: global@1 -> text_latent@1",
        "text_latent_to_global: text_latent@1 -> global@1",
    }
    middleware = Middleware.open(hub.registry.url)
    path = middleware.get_path(
        "text<en>", "text<de>", pieces=["{A}", "global@1", "text_latent@1"]
    )
    words = [first + second for first in "aeiou" for second in "bdfgh"]
    right = [a == b for a, b in zip(words, middleware.convert_many(words, path), strict=True)]
    assert sum(right) > 0.6 * len(right)
    revision = registry.revision()
    train(learnt)
    assert "the identical run has made global@1" in capsys.readouterr().out
    assert registry.revision() == revision
    with pytest.raises(RecipeError, match=r"already the space of something else.*hub=global@2"):
        train(replace(learnt, seed=1))


@pytest.mark.parametrize(
    ("name", "width", "reason"),
    [
        ("global", 8, "names no version of a shared latent; write it like global@1"),
        ("global@1", 65, "hub_dim=65 is more than the 64 of all networks together"),
    ],
)
def test_a_hub_that_cannot_be_learnt_says_why(
    hub: RunConfig, name: str, width: int, reason: str
) -> None:
    with pytest.raises(RecipeError, match=reason):
        train(replace(hub, hub=name, hub_dim=width))
