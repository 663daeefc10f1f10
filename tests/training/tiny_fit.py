"""A small fit whose rows stop it wherever a test wants.

Run as a script it is a process that dies: python tiny_fit.py RUN_DIR STOP_AT
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import seed_everything
from numpy.typing import NDArray
from torch import nn

from transcoder.adapters import (
    AdapterSettings,
    Moments,
    ResidualSettings,
    Statistics,
    build_adapter,
    fit_ridge,
)
from transcoder.training import (
    Feed,
    FitSettings,
    Fitted,
    LatentDataModule,
    LearningGraph,
    ShuffledOrder,
    fit_adapter,
    latent_term,
)
from transcoder.vocabulary import Array, Spec

SOURCE = Spec.parse("a: float32[batch, 6]")
TARGET = Spec.parse("b: float32[batch, 4]")
TRAINING, VALIDATION = np.arange(40), np.arange(40, 56)
NOISY = ResidualSettings(hidden=8, dropout=0.2, noise=0.1)


class Rows:
    """Tensors in memory; `before` is told how many batches were taken before each one."""

    def __init__(self, before: Callable[[int], None] | None = None, **tensors: Array) -> None:
        self._tensors = tensors
        self._before = before
        self.taken = 0

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        if self._before is not None:
            self._before(self.taken)
        self.taken += 1
        return {name: values[rows] for name, values in self._tensors.items()}


def tiny_vectors() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give a source (row, 6) and a target (row, 4) that bends it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(56, 6))
    y = np.tanh(x @ random.normal(size=(6, 4))) * 3 - 2
    return x.astype(np.float32), y.astype(np.float32)


def tiny_moments() -> Moments:
    """Give those of the training rows."""
    x, y = tiny_vectors()
    return Moments.of([(x[TRAINING], y[TRAINING])])


def tiny_adapter(settings: AdapterSettings = NOISY) -> nn.Module:
    """Build an adapter at seed 0 that starts from a ridge far from the best.

    Near it gradients would vanish, and Adam would step by the sign of what rounding leaves.
    """
    return build_adapter(
        settings,
        SOURCE,
        target=TARGET,
        start=fit_ridge(tiny_moments(), tiny_moments(), lambdas=[1e3]),
        statistics=Statistics.of(tiny_moments()),
        generator=torch.Generator().manual_seed(0),
    )


def tiny_data(
    before: Callable[[int], None] | None = None, batch_size: int = 8
) -> LatentDataModule:
    """Five batches to learn from and two that choose, at the batch size of 8."""
    x, y = tiny_vectors()
    parts = {"source": Rows(before, a=x), "latent": Rows(b=y)}
    feed = Feed("rows", parts, ShuffledOrder(TRAINING, seed=0), VALIDATION)
    return LatentDataModule([feed], batch_size=batch_size)


def tiny_fit(
    run_dir: Path,
    before: Callable[[int], None] | None = None,
    *,
    adapter: AdapterSettings = NOISY,
    settings: FitSettings | None = None,
    batch_size: int = 8,
) -> Fitted:
    """Fit three epochs from seed 0, with a checkpoint every two steps."""
    seed_everything(0, verbose=False)
    variance = Statistics.of(tiny_moments()).target_variance
    return fit_adapter(
        LearningGraph(
            tiny_adapter(adapter), {"rows": [latent_term(TARGET, variance=variance)]}
        ),
        tiny_data(before, batch_size),
        settings=settings or FitSettings(max_epochs=3, accelerator="cpu", checkpoint_steps=2),
        run_dir=run_dir,
        progress=False,
    )


def _die_at(wanted: int) -> Callable[[int], None]:
    def die(taken: int) -> None:
        if taken == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


if __name__ == "__main__":
    tiny_fit(Path(sys.argv[1]), _die_at(int(sys.argv[2])))
