from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import seed_everything
from torch import Tensor, nn
from typing_extensions import override

from tests.training import tiny_fit
from tests.training.tiny_fit import (
    TARGET,
    TRAINING,
    VALIDATION,
    Rows,
    tiny_adapter,
    tiny_data,
    tiny_vectors,
)
from transcoder.adapters import ResidualSettings
from transcoder.errors import DataError
from transcoder.training import (
    FitSettings,
    LatentDataModule,
    LearningGraph,
    ShuffledOrder,
    fit_adapter,
    latent_term,
)

QUIET = ResidualSettings(hidden=64)
LONG = FitSettings(max_epochs=16, learning_rate=3e-2, accelerator="cpu")


def test_a_fit_learns_what_its_closed_form_cannot(tmp_path: Path) -> None:
    fitted = tiny_fit.tiny_fit(tmp_path, adapter=QUIET, settings=LONG)
    losses = [epoch["train/loss"] for epoch in fitted.history]
    assert losses[-1] < 0.5 * losses[0]


def test_the_weights_are_those_of_the_best_epoch(tmp_path: Path) -> None:
    fitted = tiny_fit.tiny_fit(tmp_path, adapter=QUIET, settings=LONG)
    losses = [epoch["validation/loss"] for epoch in fitted.history]
    assert fitted.best_loss == min(losses) < losses[-1]
    x, y = tiny_vectors()
    given = fitted.adapter({"a": torch.from_numpy(x[VALIDATION])})["b"].detach().numpy()
    variance = float(y[TRAINING].astype(np.float64).var(axis=0).mean())
    error = float(((given - y[VALIDATION]) ** 2).mean())
    assert error / variance == pytest.approx(fitted.best_loss, rel=1e-5)
    assert not fitted.adapter.training


def test_two_fits_from_one_seed_give_the_same_bits(tmp_path: Path) -> None:
    first, second = (tiny_fit.tiny_fit(tmp_path / name) for name in "ab")
    assert first.history == second.history


def test_metrics_of_every_epoch_are_told_and_logged(tmp_path: Path) -> None:
    fitted = tiny_fit.tiny_fit(tmp_path)
    assert [epoch["epoch"] for epoch in fitted.history] == [0, 1, 2]
    wanted = {"train/loss", "train/latent", "validation/loss", "validation/cosine"}
    assert wanted <= set(fitted.history[0])
    table = (tmp_path / "csv" / "version_0" / "metrics.csv").read_text("utf-8")
    assert "validation/cosine" in table.splitlines()[0]
    assert list((tmp_path / "tensorboard").rglob("events.*"))


def test_patience_ends_a_fit_that_gets_no_better(tmp_path: Path) -> None:
    settings = FitSettings(max_epochs=200, learning_rate=3e-2, accelerator="cpu", patience=2)
    fitted = tiny_fit.tiny_fit(tmp_path, adapter=QUIET, settings=settings)
    losses = [epoch["validation/loss"] for epoch in fitted.history]
    assert len(losses) == losses.index(min(losses)) + 3 < 200


def test_nothing_is_printed_without_progress(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tiny_fit.tiny_fit(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_progress_shows_a_bar_with_both_losses(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    graph = LearningGraph(tiny_adapter(), [latent_term(TARGET, variance=1.0)])
    fit_adapter(
        graph, tiny_data(), settings=FitSettings(2, accelerator="cpu"), run_dir=tmp_path
    )
    shown = capfd.readouterr().out
    assert "Epoch 1/1" in shown
    assert "train/loss" in shown
    assert "v_num" not in shown


class Shift(nn.Module):
    """A prefix: the stored numbers plus one."""

    @override
    def forward(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"a": tensors["t"] + 1}


def test_a_live_prefix_trains_like_the_stored_latents(tmp_path: Path) -> None:
    x, y = tiny_vectors()
    histories = []
    for name, stored, prefix in (("live", Rows(t=x - 1), Shift()), ("cached", Rows(a=x), None)):
        seed_everything(0, verbose=False)
        data = LatentDataModule(
            {"source": stored, "latent": Rows(b=y)},
            ShuffledOrder(TRAINING, seed=0),
            validation=VALIDATION,
            batch_size=8,
        )
        graph = LearningGraph(tiny_adapter(), [latent_term(TARGET, variance=1.0)], prefix)
        settings = FitSettings(2, accelerator="cpu")
        fitted = fit_adapter(
            graph, data, settings=settings, run_dir=tmp_path / name, progress=False
        )
        histories.append([epoch["train/loss"] for epoch in fitted.history])
    assert histories[0] == pytest.approx(histories[1], rel=1e-5)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_empty_split_is_refused(split: str) -> None:
    none = np.empty(0, dtype=np.int64)
    rows = {"train": TRAINING, "validation": VALIDATION} | {split: none}
    with pytest.raises(DataError, match=rf"the split '{split}' has no rows"):
        LatentDataModule(
            {}, lambda _: rows["train"], validation=rows["validation"], batch_size=8
        )
