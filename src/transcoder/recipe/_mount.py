"""Where configuration and recipes stand, and how Hydra comes to know them."""

import re
from collections.abc import Iterator

import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from transcoder.errors import RecipeError
from transcoder.files import shipped
from transcoder.recipe._optuna import register_sweeper
from transcoder.recipe._schema import ADAPTERS, RunConfig

_HEADER = re.compile(r"^#\s*@package\s+(\S+)\s*$", re.MULTILINE)

CONFIG_FOLDER = shipped("conf")
RECIPE_FOLDER = shipped("recipes")


def find_recipes() -> Iterator[str]:
    """The names of all recipes, in order."""
    yield from sorted(path.stem for path in RECIPE_FOLDER.glob("*.yaml"))


def mount() -> None:
    """Give Hydra the schema and the recipes; repeating it changes nothing.

    Raises:
        RecipeError: If a recipe is not YAML.
    """
    register_sweeper()
    store = ConfigStore.instance()
    store.store(name="schema", node=RunConfig)
    for config in ADAPTERS:
        store.store(group="schema/adapter", name=config().kind, node=config, package="adapter")
    for name in find_recipes():
        path = RECIPE_FOLDER / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        try:
            node = OmegaConf.create(text)
        except (yaml.YAMLError, OmegaConfBaseException) as error:
            raise RecipeError(str(path), [" ".join(str(error).split())]) from error
        header = _HEADER.search(text)
        package = header[1] if header else None
        store.store(group="recipe", name=name, node=node, package=package)
