"""What is remembered beside the weights, so that a killed run goes on as if undisturbed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from transcoder.errors import PrunedError
from transcoder.files import whole_file


@final
class Resume(Callback):
    """Writes a checkpoint every few steps, with the state of torch's generators.

    It is written aside, synced, then renamed, and never at the last step of an epoch, where
    validation follows and Lightning's own place is between two epochs.

    Args:
        path: The one file that is kept.
        every_steps: How many training steps lie between two writes.
    """

    def __init__(self, path: Path, every_steps: int) -> None:
        self._path = path
        self._every_steps = every_steps
        self._pending: Mapping[str, Any] | None = None

    @override
    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Put the generators back just before the first step that follows a checkpoint."""
        if self._pending is not None:
            _set_random(self._pending)
            self._pending = None

    @override
    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Write the checkpoint when its time has come."""
        if trainer.global_step % self._every_steps or trainer.is_last_batch:
            return
        if not trainer.is_global_zero:
            trainer.save_checkpoint(self._path)  # takes part, and writes nothing
            return
        with whole_file(self._path) as place:
            trainer.save_checkpoint(place)

    @override
    def state_dict(self) -> dict[str, Any]:
        """Give the state of all generators, in types that load without unpickling."""
        return _random()

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the state until the first step: what comes before may draw too."""
        self._pending = state_dict


Watch: TypeAlias = Callable[[int, Mapping[str, float]], bool]
"""Told the number and the validation metrics of each epoch; says whether the fit shall end."""


@final
class Watched(Callback):
    """Ends a fit where somebody who compares it with others says so.

    Args:
        watch: Whom to ask.

    Raises:
        PrunedError: If the fit shall end.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ask."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if self._watch(trainer.current_epoch, metrics):
            raise PrunedError(trainer.current_epoch)


@final
class History(Callback):
    """Remembers the validation metrics of every epoch, those before a kill included."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add this epoch's metrics."""
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.epochs.append({"epoch": float(trainer.current_epoch)} | metrics)

    @override
    def state_dict(self) -> dict[str, Any]:
        """Give all epochs so far."""
        return {"epochs": self.epochs}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on after the epochs of a checkpoint."""
        self.epochs = list(state_dict["epochs"])


def _random() -> dict[str, Any]:
    """Give torch's generators; nothing else draws while an adapter learns."""
    return {
        "cpu": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _set_random(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["cpu"].cpu())
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([each.cpu() for each in state["cuda"]])
