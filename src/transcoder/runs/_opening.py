"""Open the registry of a run, with what its recipe declares."""

from pathlib import Path

from transcoder.errors import RecipeError
from transcoder.recipe import RECIPE_FOLDER, RunConfig
from transcoder.registry import Registry
from transcoder.runs._narration import Narrator
from transcoder.runs._vectors import apply_vectors
from transcoder.workflows import apply_world


def open_registry(config: RunConfig, narrator: Narrator) -> Registry:
    """Open or make a run's registry, and apply its world or its files of vectors.

    Raises:
        RecipeError: If the recipe has neither.
        CommitError: If what it declares does not fit.
    """
    root = Path(config.registry.url)
    narrator.stage("World")
    if not root.exists():
        narrator.say(f"making the registry {str(root.resolve())!r}")
    registry = Registry.open(root)
    if config.old is not None:
        commit = apply_vectors(registry, config)
    elif config.world is not None:
        commit = apply_world(registry, _world_path(config.world))
    else:
        fault = "it has neither a world nor vectors; give world=FILE, or old=FILE new=FILE"
        raise RecipeError(config.name, [fault])
    changes = f"{len(commit.changed)} changes" if commit.changed else "nothing new"
    narrator.say(f"registry {str(root)!r}, revision {commit.revision}: {changes}")
    return registry


def _world_path(text: str) -> Path:
    shipped = RECIPE_FOLDER / text
    return shipped if shipped.is_file() else Path(text)
