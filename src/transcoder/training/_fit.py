"""From a learning graph to a trained adapter."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251  # the exception alone
from typing import final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from lightning.pytorch.profilers import (
    AdvancedProfiler,
    Profiler,
    PyTorchProfiler,
    SimpleProfiler,
)
from torch import nn
from typing_extensions import override

from transcoder.errors import CheckpointError
from transcoder.training._callbacks import History, Resume, Watch, Watched
from transcoder.training._data import LatentDataModule
from transcoder.training._module import Schedule, TranscoderModule
from transcoder.training._quiet import quiet_lightning
from transcoder.training._terms import LearningGraph

PROFILERS: Mapping[str, Callable[..., Profiler]] = {
    "simple": SimpleProfiler,
    "advanced": AdvancedProfiler,
    "pytorch": PyTorchProfiler,
}
"""Lightning's own; each writes `fit-profile*` into the run's folder."""

_MONITORED = "validation/loss"
_LOG_STEPS = 10


@final
class _Bar(RichProgressBar):
    """Lightning's own, without the number of its log folder."""

    @override
    def get_metrics(
        self, trainer: Trainer, pl_module: LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        shown = super().get_metrics(trainer, pl_module)
        return {name: value for name, value in shown.items() if name != "v_num"}


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How long, how fast and on what an adapter learns.

    Attributes:
        max_epochs: Passes over the training rows.
        learning_rate: At the end of the warm-up.
        weight_decay: Per step, decoupled.
        warmup: Share of all steps in which the step size rises.
        decay: How it falls from there: `cosine`, `linear` or `constant`.
        clip: Largest norm of the gradient.
        patience: Epochs without a better validation loss before it stops, or None.
        accelerator: As Lightning names it.
        devices: How many share each batch; beyond one, each is a process of its own.
        precision: As Lightning names it.
        profiler: What measures where the time goes, `simple`, `advanced` or `pytorch`, or None.
        checkpoint_steps: How many steps a kill may cost at most.
        watch: Told the validation metrics of each epoch; may end the fit.
    """

    max_epochs: int = 30
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup: float = 0.05
    decay: str = "cosine"
    clip: float = 1.0
    patience: int | None = None
    accelerator: str = "auto"
    devices: int = 1
    precision: str = "32-true"
    profiler: str | None = None
    checkpoint_steps: int = 100
    watch: Watch | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a fit left.

    Attributes:
        adapter: With the weights of the best epoch, on the CPU, in `eval()`.
        history: The metrics of each epoch, in order.
        best_loss: The lowest validation loss.
        steps: How many steps were taken, those before a kill included.
    """

    adapter: nn.Module
    history: tuple[Mapping[str, float], ...]
    best_loss: float
    steps: int


def fit_adapter(
    graph: LearningGraph,
    data: LatentDataModule,
    *,
    settings: FitSettings,
    run_dir: Path,
    progress: bool = True,
    begin: Path | None = None,
) -> Fitted:
    """Train the adapter of a learning graph; a run that was killed goes on.

    Global generators are the caller's to seed. What is written into the run's folder: `csv`
    and `tensorboard` logs, `best.ckpt` and `last.ckpt`.

    Args:
        graph: The nets and what the loss is made of.
        data: The rows that teach and the rows that choose.
        settings: How long, how fast and on what.
        run_dir: The run's own folder; a `last.ckpt` in it is where this fit goes on.
        progress: Whether a progress bar is shown.
        begin: A checkpoint of such an adapter to begin with, where there is no `last.ckpt`.

    Raises:
        CheckpointError: If `begin` is none, or one of another adapter.
        KeyboardInterrupt: If the user interrupts it; the next fit goes on.
        PrunedError: If the settings' watch ends it; the next fit goes on.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    schedule = Schedule(
        settings.max_epochs * data.steps_per_epoch,
        settings.learning_rate,
        settings.weight_decay,
        settings.warmup,
        settings.decay,
        fused=not settings.precision.endswith("mixed"),
    )
    last, history = run_dir / "last.ckpt", History()
    if begin is not None and not last.exists():
        _restore(graph.adapter, begin)
    best = ModelCheckpoint(
        run_dir,
        "best",
        monitor=_MONITORED,
        save_on_train_epoch_end=False,
        enable_version_counter=False,
    )
    callbacks = [history, best, Resume(last, settings.checkpoint_steps)]
    with quiet_lightning():
        trainer = _trainer(settings, data, run_dir, [*callbacks, *_extras(settings, progress)])
        module = TranscoderModule(graph, schedule)
        _fit(trainer, module, data, last if last.exists() else None)
    _restore(graph.adapter, run_dir / "best.ckpt")
    lowest = min(epoch[_MONITORED] for epoch in history.epochs)
    return Fitted(graph.adapter, tuple(history.epochs), lowest, trainer.global_step)


def _extras(settings: FitSettings, progress: bool) -> list[Callback]:  # noqa: FBT001
    extras: list[Callback] = []
    if settings.watch is not None:
        extras.append(Watched(settings.watch))
    if settings.patience is not None:
        extras.append(EarlyStopping(_MONITORED, patience=settings.patience))
    if progress:
        extras.append(_Bar())
    return extras


def _trainer(
    settings: FitSettings, data: LatentDataModule, run_dir: Path, callbacks: list[Callback]
) -> Trainer:
    loggers: list[Logger] = [
        TensorBoardLogger(run_dir, "tensorboard"),
        CSVLogger(run_dir, "csv"),
    ]
    return Trainer(
        accelerator=settings.accelerator,
        devices=settings.devices,
        strategy="ddp" if settings.devices > 1 else "auto",
        precision=settings.precision,  # type: ignore[arg-type] # a Literal of Lightning's
        profiler=_maybe_profiler(settings, run_dir),
        use_distributed_sampler=False,
        max_epochs=settings.max_epochs,
        gradient_clip_val=settings.clip,
        callbacks=callbacks,
        logger=loggers,
        log_every_n_steps=min(_LOG_STEPS, data.steps_per_epoch),
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=any(isinstance(each, RichProgressBar) for each in callbacks),
    )


def _maybe_profiler(settings: FitSettings, run_dir: Path) -> Profiler | None:
    if settings.profiler is None:
        return None
    return PROFILERS[settings.profiler](dirpath=run_dir, filename="profile")


def _fit(
    trainer: Trainer, module: TranscoderModule, data: LatentDataModule, last: Path | None
) -> None:
    """Fit, and undo what Lightning makes of an interrupt: an exit, and a deaf process."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, datamodule=data, ckpt_path=last, weights_only=True)
    except SystemExit as exit_:
        signal.signal(signal.SIGINT, handler)
        if trainer.interrupted:
            raise KeyboardInterrupt from exit_
        raise


def _restore(adapter: nn.Module, checkpoint: Path) -> None:
    try:
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
        adapter.cpu().load_state_dict(
            {name.removeprefix("adapter."): value for name, value in weights.items()}
        )
    except (OSError, RuntimeError, UnpicklingError, KeyError, EOFError) as error:
        raise CheckpointError(str(checkpoint), " ".join(str(error).split())) from error
    adapter.eval()
