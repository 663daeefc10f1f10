"""The main job."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transcoder.recipe import RunConfig
    from transcoder.reports import RunResult
    from transcoder.training import Watch


def train(config: "RunConfig", watch: "Watch | None" = None) -> "RunResult | None":
    """Train, judge and register the transcoder of a recipe, telling of it as it goes.

    Args:
        config: What is asked.
        watch: Told the validation metrics of each epoch; may end the run.

    Returns:
        The result; None where nothing was to be registered.

    Raises:
        TranscoderError: If it cannot be done; what was computed is kept for the next run.
    """
    from transcoder.runs._narration import Narrator
    from transcoder.runs._processes import is_first_process

    narrator = Narrator(is_silent=not is_first_process())
    if config.hub is None:
        from transcoder.runs._training import run_training

        return run_training(config, narrator, watch)
    if config.hub_dim is None:
        from transcoder.runs._hub import run_hub

        run_hub(config, narrator)
    else:
        from transcoder.runs._joint import run_joint

        run_joint(config, narrator)
    return None
