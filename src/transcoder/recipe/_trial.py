"""What a job of an Optuna sweep tells its study, from whatever process it runs in."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from transcoder.errors import MissingExtraError

if TYPE_CHECKING:
    from optuna import Study

STUDY, TRIAL = "TRANSCODER_STUDY", "TRANSCODER_TRIAL"
"""Names in the environment: of which study a process runs trials, and which one a job is."""

PRUNED = "pruned"
"""Under what name a trial, and the folder of its job, remember that it was ended."""

Watch: TypeAlias = Callable[[int, Mapping[str, float]], bool]
"""Told the number and the validation metrics of each epoch; says whether the fit shall end."""


def require_optuna() -> None:
    """Make sure that Optuna is there.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        import optuna  # noqa: F401  # only whether it is there counts
    except ImportError as error:
        sweeper = "hydra/sweeper=transcoder_optuna"
        raise MissingExtraError(sweeper, "optuna", "sweeps") from error


def open_study(journal: Path, name: str, *, seed: int = 0) -> "Study":
    """Open a study in a journal file, or begin it; larger values are better.

    Args:
        journal: The file; several processes may have it open.
        name: Of the study in it.
        seed: Of what is drawn; a study that goes on does not draw again what it drew at first.

    Raises:
        MissingExtraError: If Optuna is not installed.
    """
    require_optuna()
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study: Study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(journal))),
        study_name=name,
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1),
    )
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    return study


def maybe_watch() -> Watch | None:
    """Find who compares this job with others; None outside of a sweep that prunes."""
    place, number = os.environ.get(STUDY), os.environ.get(TRIAL)
    if not place or not number:
        return None
    from optuna.trial import Trial

    told = json.loads(place)
    study = open_study(Path(told["journal"]), told["study"])
    trial = Trial(study, int(number))

    def watch(epoch: int, metrics: Mapping[str, float]) -> bool:
        loss = metrics.get("validation/loss", 0.0)
        trial.report(metrics.get("validation/cosine", -loss), epoch)
        shall_end: bool = trial.should_prune()
        if shall_end:
            trial.set_user_attr(PRUNED, value=True)
        return shall_end

    return watch
