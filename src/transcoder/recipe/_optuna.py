"""A sweep that learns from its trials where to look next."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict, read_write
from typing_extensions import override

from transcoder.errors import RecipeError
from transcoder.recipe._trial import PRUNED, STUDY, TRIAL, open_study, require_optuna
from transcoder.reports import RANKED_BY, RunResult
from transcoder.vocabulary import digest_of

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

_MODULE = "hydra_plugins._transcoder_optuna"
"""Where Hydra wants plugins to be; the class is registered under that name by hand."""


@final
class OptunaSweeper(Sweeper):
    """Hydra's sweeper on Optuna: `hydra/sweeper=transcoder_optuna`.

    The same command goes on with its study, which is a file in the sweep's folder. A trial is
    judged by its trained net on validation rows: retention, or R² where there is no chain.

    Args:
        n_trials: How many trials the study is to have, those of earlier calls included.
        n_jobs: How many run between two decisions; a launcher may run them at once.
        study: The study's name; null makes one of the recipe and what is asked.
        seed: Of what is drawn.
        prune: Whether trials whose validation metrics fall behind the median are ended.
    """

    def __init__(
        self, *, n_trials: int, n_jobs: int, study: str | None, seed: int, prune: bool
    ) -> None:
        self._n_trials = n_trials
        self._n_jobs = n_jobs
        self._name = study
        self._seed = seed
        self._prune = prune
        self._launcher: Launcher | None = None
        self._config: DictConfig | None = None

    @override
    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self._config = config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    @override
    def sweep(self, arguments: list[str]) -> list[JobReturn]:
        """Run the trials that the study still lacks.

        Raises:
            RecipeError: If nothing is left to choose, or a choice cannot be drawn.
            MissingExtraError: If Optuna is not installed.
        """
        require_optuna()
        asked = OverridesParser.create().parse_overrides(arguments)
        fixed = [str(each.input_line) for each in asked if not each.is_sweep_override()]
        space = _space([each for each in asked if each.is_sweep_override()])
        folder = self._settle(arguments)
        study = open_study(folder / "study.journal", folder.name, seed=self._seed)
        _take_up(study)
        if self._prune:
            told = {"journal": str((folder / "study.journal").resolve()), "study": folder.name}
            os.environ[STUDY] = json.dumps(told)
        returned: list[JobReturn] = []
        try:
            while (lacking := self._n_trials - _finished(study)) > 0:
                trials = [study.ask(space) for _ in range(min(self._n_jobs, lacking))]
                returned += self._run(study, trials, fixed)
        finally:
            os.environ.pop(STUDY, None)
        return returned

    def _settle(self, arguments: Sequence[str]) -> Path:
        """Give the sweep a folder that the same command finds again, and make it."""
        config = self._config
        if config is None:
            message = "setup() comes before sweep()"
            raise RuntimeError(message)
        name = self._name or f"optuna-{digest_of([*sorted(arguments)])[:10]}"
        folder = Path(str(config.hydra.sweep.dir)).parent / name
        with read_write(config), open_dict(config):
            config.hydra.sweep.dir = str(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _run(
        self, study: "Study", trials: Sequence["Trial"], fixed: Sequence[str]
    ) -> Sequence[JobReturn]:
        from optuna.trial import TrialState

        if self._launcher is None or self._config is None:
            message = "setup() comes before sweep()"
            raise RuntimeError(message)
        folder = self._config.hydra.sweep.dir
        jobs = [
            [
                *fixed,
                *(f"{key}={value}" for key, value in trial.params.items()),
                f"hydra.sweep.dir='{folder}'",
                f"+hydra.job.env_set.{TRIAL}='{trial._trial_id}'",  # noqa: SLF001  # the only way to find it again
            ]
            for trial in trials
        ]
        returned = self._launcher.launch(jobs, initial_job_idx=trials[0].number)
        for trial, job in zip(trials, returned, strict=True):
            value = _value(job)
            if value is not None:
                study.tell(trial, value)
            elif study.trials[trial.number].user_attrs.get(PRUNED):
                study.tell(trial, state=TrialState.PRUNED)
            else:
                study.tell(trial, state=TrialState.FAIL)
        return returned


def register_sweeper() -> None:
    """Let Hydra know the sweeper under a name that it takes plugins from."""
    OptunaSweeper.__module__ = _MODULE
    Plugins.instance().register(OptunaSweeper)


def _take_up(study: "Study") -> None:
    """Ask once more for what a killed sweep has left half done."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.enqueue_trial(trial.params)
        study.tell(trial.number, state=TrialState.FAIL)


def _finished(study: "Study") -> int:
    """Count the trials that are over; one that was taken up counts once."""
    taken_up = sum("fixed_params" in each.system_attrs for each in study.trials)
    finished = sum(bool(each.state.is_finished()) for each in study.trials)
    return finished - taken_up


def _value(job: JobReturn) -> float | None:
    result = job.return_value if job.status is JobStatus.COMPLETED else None
    if not isinstance(result, RunResult) or not result.scores:
        return None
    net = [*result.scores.values()][-1]
    return next((net[metric][0] for metric in RANKED_BY if metric in net), None)


def _space(choices: Sequence[Override]) -> dict[str, "BaseDistribution"]:
    faults = [] if choices else ["nothing is left to choose; give key=a,b or key=interval(a,b)"]
    space: dict[str, BaseDistribution] = {}
    for each in choices:
        try:
            space[each.get_key_element()] = _distribution(each)
        except ValueError as error:
            faults.append(f"{each.input_line!r} cannot be drawn: {error}")
    if faults:
        raise RecipeError("hydra/sweeper=transcoder_optuna", faults)
    return space


def _distribution(choice: Override) -> "BaseDistribution":
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    value = choice.value()
    if isinstance(value, IntervalSweep):
        low, high = _ends(value.start, value.end)
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log="log" in value.tags)
        return FloatDistribution(float(low), float(high), log="log" in value.tags)
    if isinstance(value, RangeSweep) and value.start is not None and value.stop is not None:
        numbers = [*_steps(value.start, value.stop, value.step)]
        return CategoricalDistribution(numbers)
    return CategoricalDistribution([*choice.sweep_string_iterator()])


def _ends(start: float | None, end: float | None) -> tuple[float, float]:
    if start is None or end is None:
        message = "an interval needs both ends"
        raise ValueError(message)
    return start, end


def _steps(start: float, stop: float, step: float) -> Iterator[float]:
    at: Any = start
    while (at < stop) if step > 0 else (at > stop):
        yield at
        at += step
