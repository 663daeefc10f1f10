"""Recipes and configuration leaves compose, and what is misspelt is explained."""

import re
from dataclasses import fields
from errno import ENOSPC
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf

from transcoder.adapters import LinearSettings, LowRankSettings, MlpSettings, ResidualSettings
from transcoder.recipe import (
    CONFIG_FOLDER,
    LinearConfig,
    LowRankConfig,
    MlpConfig,
    ResidualConfig,
    RunConfig,
    explain,
    find_recipes,
    mount,
)

LEAVES = sorted(
    path
    for path in CONFIG_FOLDER.rglob("*.yaml")
    if path.parent.parent == CONFIG_FOLDER and path.parent.name != "preference"
)
"""Of training; preferences are of paths, and a sweeper says itself what it takes."""


def composed(*overrides: str) -> RunConfig:
    mount()
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIG_FOLDER)):
        config = OmegaConf.to_object(compose("train", overrides=list(overrides)))
    assert isinstance(config, RunConfig)
    return config


@pytest.mark.parametrize("name", list(find_recipes()))
def test_every_recipe_composes(name: str) -> None:
    assert composed(f"recipe={name}").name == name


def test_the_command_line_wins_over_the_recipe() -> None:
    assert composed("recipe=entts_text_latent", "data.dataset=mine").data.dataset == "mine"


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_leaf_lists_every_key_of_its_schema(path: Path) -> None:
    group, leaf = path.parent.name, yaml.safe_load(path.read_text(encoding="utf-8"))
    if "default" in leaf.get("defaults", ()):
        leaf |= yaml.safe_load((path.parent / "default.yaml").read_text(encoding="utf-8"))
    choice = (f"{group}={path.stem}", "recipe=entts_text_latent")
    schema = getattr(composed(*choice), group)
    assert set(leaf) - {"defaults"} == {each.name for each in fields(schema)}


@pytest.mark.parametrize("path", sorted(CONFIG_FOLDER.glob("adapter/*.yaml")))
def test_an_adapter_is_called_in_tables_what_it_is_chosen_by(path: Path) -> None:
    config = composed(f"adapter={path.stem}", "recipe=entts_text_latent")
    assert config.adapter.kind == path.stem


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        (LinearConfig, LinearSettings),
        (LowRankConfig, LowRankSettings),
        (MlpConfig, MlpSettings),
        (ResidualConfig, ResidualSettings),
    ],
)
def test_an_adapter_config_agrees_with_its_constructor(config: type, settings: type) -> None:
    keys = {each.name: each.default for each in fields(config) if each.name != "kind"}
    assert keys == {each.name: each.default for each in fields(settings)}


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["recipe=entts_text_latnt"], "available options in 'recipe': digits_openml"),
        (["traner.max_epochs=1"], r"'traner' not in .*did you mean 'trainer.max_epochs'\?"),
        (["adapter.hiden=1"], r"'hiden' not in .*did you mean 'adapter.hidden'"),
        (
            ["target=logits"],
            r"Invalid value 'logits', expected one of \[both, latent, output\]",
        ),
        (["trainer.max_epochs=few"], "'few' of type 'str' could not be converted to Integer"),
        (
            ["adapter=huge"],
            "'adapter': attention bilstm linear low_rank mlp partial residual",
        ),
    ],
)
def test_what_is_misspelt_is_one_sentence(overrides: list[str], sentence: str) -> None:
    recipe = [] if overrides[0].startswith("recipe") else ["recipe=entts_text_latent"]
    with pytest.raises(HydraException) as caught:
        composed(*recipe, *overrides)
    said = explain(caught.value)
    assert "\n" not in said
    assert re.search(sentence, said), said


def test_a_full_disk_is_told_by_the_place_that_was_to_be_written() -> None:
    error = OSError(ENOSPC, "No space left on device", "aside", None, "runs/best.ckpt")
    assert explain(error).startswith(
        "'runs/best.ckpt' cannot be read or written: No space left"
    )
