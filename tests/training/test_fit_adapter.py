import json
import subprocess
import sys
from collections.abc import Callable
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
    tiny_moments,
    tiny_vectors,
)
from transcoder.adapters import ResidualSettings, Statistics
from transcoder.errors import CheckpointError, DataError
from transcoder.training import (
    Feed,
    FitSettings,
    Fitted,
    LatentDataModule,
    LearningGraph,
    Share,
    ShuffledOrder,
    fit_adapter,
    latent_term,
)

QUIET = ResidualSettings(hidden=64)
LONG = FitSettings(max_epochs=16, learning_rate=0.1, decay="constant", accelerator="cpu")


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
    graph = LearningGraph(tiny_adapter(), {"rows": [latent_term(TARGET, variance=1.0)]})
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
        parts = {"source": stored, "latent": Rows(b=y)}
        feed = Feed("rows", parts, ShuffledOrder(TRAINING, seed=0), VALIDATION)
        data = LatentDataModule([feed], batch_size=8)
        terms = {"rows": [latent_term(TARGET, variance=1.0)]}
        graph = LearningGraph(tiny_adapter(), terms, prefix)
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
            [Feed("rows", {}, lambda _: rows["train"], rows["validation"])], batch_size=8
        )


def _two_feeds(before: Callable[[int], None] | None = None) -> LatentDataModule:
    x, y = tiny_vectors()
    rows = {"long": TRAINING, "short": TRAINING[:11]}
    return LatentDataModule(
        [
            Feed(
                name,
                {"source": Rows(before if place else None, a=x), name: Rows(b=y)},
                ShuffledOrder(chosen, seed=(0, place)),
                VALIDATION,
            )
            for place, (name, chosen) in enumerate(rows.items())
        ],
        batch_size=8,
    )


def _two_fit(folder: Path, before: Callable[[int], None] | None = None) -> Fitted:
    seed_everything(0, verbose=False)
    terms = {
        name: [latent_term(TARGET, variance=1.0, reference=name)] for name in ("long", "short")
    }
    settings = FitSettings(3, accelerator="cpu", checkpoint_steps=2)
    graph = LearningGraph(tiny_adapter(), terms)
    return fit_adapter(
        graph, _two_feeds(before), settings=settings, run_dir=folder, progress=False
    )


def test_every_step_learns_from_a_batch_of_each_feed(tmp_path: Path) -> None:
    batches = list(_two_feeds().train_dataloader())
    assert len(batches) == _two_feeds().steps_per_epoch == 5
    assert [set(batch) for batch, _, _ in batches] == [{"long", "short"}] * 5
    history = _two_fit(tmp_path).history
    assert {"train/long", "train/short", "validation/long", "validation/short"} <= history[
        0
    ].keys()
    assert history[-1]["validation/loss"] < history[0]["validation/loss"]


def test_a_fit_on_two_feeds_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def stop(taken: int) -> None:
        if taken == 12:
            raise KeyboardInterrupt

    whole = _two_fit(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        _two_fit(tmp_path / "killed", stop)
    again = _two_fit(tmp_path / "killed")
    mine, other = whole.adapter.state_dict(), again.adapter.state_dict()
    assert all(torch.equal(mine[name], other[name]) for name in mine)
    assert again.history == whole.history


@pytest.mark.parametrize(("world_size", "rows"), [(1, 5), (2, 3), (8, 1)])
def test_devices_share_a_batch_in_equal_parts(world_size: int, rows: int) -> None:
    shares = [Share(rank, world_size).of(np.arange(5)) for rank in range(world_size)]
    assert {len(each) for each in shares} == {rows}
    assert set(np.concatenate(shares)) == set(range(5))


@pytest.mark.parametrize("name", ["simple", "advanced"])
def test_a_profile_says_where_the_time_went(tmp_path: Path, name: str) -> None:
    tiny_fit.tiny_fit(tmp_path, settings=FitSettings(1, accelerator="cpu", profiler=name))
    (found,) = tmp_path.glob("fit-profile*")
    assert "training_step" in found.read_text(encoding="utf-8")


def test_mixed_precision_learns_as_well(tmp_path: Path) -> None:
    settings = FitSettings(3, accelerator="cpu", precision="bf16-mixed")
    losses = [
        each["validation/loss"]
        for each in tiny_fit.tiny_fit(tmp_path, settings=settings).history
    ]
    assert losses[-1] < losses[0]


def test_a_fit_begins_with_the_weights_of_a_checkpoint(tmp_path: Path) -> None:
    first = tiny_fit.tiny_fit(tmp_path / "first")
    still = FitSettings(1, learning_rate=1e-12, weight_decay=0.0, accelerator="cpu")
    graph = LearningGraph(
        tiny_adapter(),
        {"rows": [latent_term(TARGET, variance=Statistics.of(tiny_moments()).target_variance)]},
    )
    second = fit_adapter(
        graph, tiny_data(), settings=still, run_dir=tmp_path / "second",
        begin=tmp_path / "first" / "best.ckpt", progress=False,
    )  # fmt: skip
    assert second.best_loss == pytest.approx(first.best_loss, rel=1e-5)


@pytest.mark.parametrize("content", [None, b"no checkpoint", "other"])
def test_what_no_fit_can_begin_with_is_refused(
    tmp_path: Path, content: bytes | str | None
) -> None:
    place = tmp_path / "begin.ckpt"
    if content == "other":
        torch.save({"state_dict": {"adapter.other": torch.ones(2)}}, place)
    elif isinstance(content, bytes):
        place.write_bytes(content)
    graph = LearningGraph(tiny_adapter(), {"rows": [latent_term(TARGET, variance=1.0)]})
    with pytest.raises(
        CheckpointError, match=r"begin.ckpt' does not fit this adapter: .*ckpt=none"
    ):
        fit_adapter(graph, tiny_data(), settings=FitSettings(1), run_dir=tmp_path, begin=place)


def test_two_processes_learn_what_one_learns(tmp_path: Path) -> None:
    place, adapter = tmp_path / "two", ResidualSettings(hidden=8, depth=1)
    command = [sys.executable, "-m", "tests.training.shared_fit", str(place), "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    settings = FitSettings(2, accelerator="cpu")
    alone = tiny_fit.tiny_fit(tmp_path / "one", adapter=adapter, settings=settings)
    losses = [epoch["validation/loss"] for epoch in alone.history]
    assert json.loads(done.stdout) == pytest.approx(losses, rel=1e-4)
    assert (place / "last.ckpt").is_file()
