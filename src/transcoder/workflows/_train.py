"""The main job."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transcoder.recipe import RunConfig
    from transcoder.reports import RunResult


def train(config: "RunConfig") -> "RunResult":
    """Train, judge and register the transcoder of a recipe, telling of it as it goes.

    Raises:
        TranscoderError: If it cannot be done; what was computed is kept for the next run.
    """
    from transcoder.workflows._narration import Narrator
    from transcoder.workflows._training import run_training

    return run_training(config, Narrator())
