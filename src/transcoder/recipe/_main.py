"""From the command line to a typed run, and from any failure to one sentence."""

import os
import re
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias, final

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from transcoder.errors import PrunedError, RecipeError, TranscoderError
from transcoder.files import write_whole
from transcoder.recipe._checks import check_run
from transcoder.recipe._mount import CONFIG_FOLDER, find_recipes, mount
from transcoder.recipe._schema import RunConfig, known_keys
from transcoder.recipe._trial import PRUNED, Watch, maybe_watch
from transcoder.reports import RunResult, write_result

_DEBUG = "HYDRA_FULL_ERROR"
Train: TypeAlias = Callable[[RunConfig, Watch | None], RunResult | None]
"""What to do with one run, and whom to tell of its epochs."""

_TOLD = (TranscoderError, HydraException, OmegaConfBaseException, OSError)
_ASKED_KEY = re.compile(r"Could not override '([^']+)'")


def main(train: Train) -> None:
    """Compose what the command line asks for, train it, and leave its result for the sweep.

    Every failure prints one sentence and exits 1, after the other jobs of a sweep; with
    HYDRA_FULL_ERROR=1 in the environment it prints a traceback instead.

    Args:
        train: What to do with one run.
    """
    jobs = _Jobs(train, wants_traceback=os.environ.get(_DEBUG) == "1", process=os.getpid())
    os.environ[_DEBUG] = "1"
    try:
        mount()
        run = hydra.main(
            version_base="1.3", config_path=str(CONFIG_FOLDER), config_name="train"
        )
        run(jobs)()
    except _TOLD as error:
        jobs.fail(error)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command goes on from where it was\n")
        sys.exit(130)
    if jobs.has_failed:
        sys.exit(1)


@final
class _Jobs:
    """Runs each job, and remembers whether one has failed."""

    def __init__(
        self,
        train: Train,
        *,
        wants_traceback: bool,
        process: int,
    ) -> None:
        self._train = train
        self._wants_traceback = wants_traceback
        self._process = process
        self.has_failed = False

    def __call__(self, composed: DictConfig) -> RunResult | None:
        """Train one composition."""
        try:
            config = OmegaConf.to_object(composed)
            if not isinstance(config, RunConfig):
                message = f"the schema gave {type(config).__name__}"
                raise TypeError(message)
            check_run(config)
            _check_job(config)
            result = self._train(config, maybe_watch())
            if result is not None:
                write_result(Path(HydraConfig.get().runtime.output_dir), result)
        except PrunedError as pruned:
            sys.stderr.write(f"{pruned}\n")
            write_whole(
                Path(HydraConfig.get().runtime.output_dir) / PRUNED, str(pruned).encode()
            )
            return None
        except _TOLD as error:
            if os.getpid() != self._process:
                raise
            self.fail(error)
            return None
        return result

    def fail(self, error: Exception) -> None:
        """Say what went wrong, or raise it for its traceback."""
        if self._wants_traceback:
            raise error
        self.has_failed = True
        sys.stderr.write(f"error: {explain(error)}\n")


def _check_job(config: RunConfig) -> None:
    if HydraConfig.get().mode is RunMode.MULTIRUN and config.trainer.devices > 1:
        fault = "trainer.devices is above 1 in a sweep, whose jobs train on one device each"
        raise RecipeError(config.name, [fault])


def explain(error: Exception) -> str:
    """Say in one sentence what is wrong with a composition, and what there is instead."""
    if isinstance(error, TranscoderError):
        return str(error)
    if isinstance(error, OSError) and not isinstance(error, HydraException):
        named = error.filename2 or error.filename  # where something was to be moved to
        place = repr(named) if named else "a file"
        reason = error.strerror or str(error)
        return f"{place} cannot be read or written: {reason}; free the place and run again"
    text = " ".join(line.strip() for line in str(error).splitlines() if _is_plain(line))
    text = text.partition(" Config search path")[0].removeprefix("In 'train': ")
    text = text.replace(" Available options", "; available options")
    cause = str(error.__cause__ or "").splitlines()
    if cause and cause[0] not in text:
        text += f" ({cause[0]})"
    return f"{text}{_hint(text)}"


def _is_plain(line: str) -> bool:
    noise = ("full_key:", "object_type=", "To ", "See http")
    return bool(line.strip()) and not line.strip().startswith(noise)


def _hint(text: str) -> str:
    if "andatory value" in text:
        return f"; choose a recipe with recipe=NAME, one of: {', '.join(find_recipes())}"
    asked = _ASKED_KEY.search(text)
    if asked is None:
        return ""
    keys = sorted(known_keys() - {asked[1]})
    near = get_close_matches(asked[1], keys, n=3, cutoff=0.75)
    if near:
        return f"; did you mean {' or '.join(repr(key) for key in near)}?"
    return f"; the keys are: {', '.join(key for key in keys if '.' not in key)}"
