"""Rows that make numbers say more than they can are left out, told of, or refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from transcoder.errors import DataError
from transcoder.recipe import (
    DataConfig,
    DebugChoice,
    LinearConfig,
    RegistryConfig,
    RunConfig,
    TrainerConfig,
    TranscoderConfig,
)
from transcoder.reports import RunResult
from transcoder.runs import train
from transcoder.workflows import Middleware


def vectors(rows: int, dim: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """The same rows in two spaces, (row, dim) and (row, 8)."""
    random = np.random.default_rng(0)
    things = random.standard_normal((rows, 6))
    old, new = (np.tanh(things @ random.standard_normal((6, width)) / 3) for width in (dim, 8))
    return old.astype(np.float32), new.astype(np.float32)


def run(
    folder: Path, old: np.ndarray, new: np.ndarray, debug: DebugChoice = DebugChoice.none
) -> RunResult | None:
    np.save(folder / "old.npy", old)
    np.save(folder / "new.npy", new)
    config = RunConfig(
        name="vectors", world="", old=str(folder / "old.npy"), new=str(folder / "new.npy"),
        transcoder=TranscoderConfig("T", "auto", "auto"), adapter=LinearConfig(),
        trainer=TrainerConfig(max_epochs=1), data=DataConfig(),
        registry=RegistryConfig(url=str(folder / "registry")), resamples=20,
    )  # fmt: skip
    return train(replace(config, debug=debug))


def finished(folder: Path, old: np.ndarray, new: np.ndarray) -> RunResult:
    result = run(folder, old, new)
    assert result is not None
    return result


def notes(folder: Path) -> list[str]:
    """What the registered transcoder says of itself."""
    found = Middleware.open(folder / "registry").get_model("T")[0].lineage["notes"]
    assert isinstance(found, list)
    return [str(each) for each in found]


def test_fewer_pairs_than_numbers_are_fitted_and_told_of(tmp_path: Path) -> None:
    result = finished(tmp_path, *vectors(60, dim=100))
    assert result.scores["ridge"]["test/r2"][0] > 0.5
    note = notes(tmp_path)[0]
    assert "training rows for latents of 100 numbers: many maps fit all of them" in note
    (report,) = tmp_path.glob("registry/runs/*/report.html")
    assert note in report.read_text("utf-8")


def test_constant_duplicated_and_dependent_columns_are_fitted(tmp_path: Path) -> None:
    old, new = vectors(300)
    old[:, 0], old[:, 1], new[:, 0] = 7, old[:, 2], 0
    result = finished(tmp_path, old, new)
    assert all(np.isfinite(x[0]) for each in result.scores.values() for x in each.values())
    assert result.scores["linear"]["test/r2"][0] > 0.8
    assert notes(tmp_path) == [
        "1 of 12 columns of the source do not vary",
        "1 of 8 columns of the target do not vary",
    ]


def test_rows_that_were_learnt_from_or_stand_twice_are_not_judged(tmp_path: Path) -> None:
    old, new = vectors(200)
    doubled = np.concatenate([old, old]), np.concatenate([new, new])
    result = finished(tmp_path, *doubled)
    assert result.test_rows < 25
    assert result.scores["ridge"]["test/recall_at_1"][0] == 1
    told = notes(tmp_path)
    assert [each.split(" of ")[1].split(" ")[1] for each in told[:2]] == ["validation", "test"]
    assert "stand among the training rows, or twice, and are not judged" in told[1]


def test_a_split_of_one_row_tells_no_candidates_apart(tmp_path: Path) -> None:
    result = finished(tmp_path, *vectors(5))
    assert result.test_rows == 1
    assert "test/recall_at_1" not in result.scores[result.chosen]
    assert result.scores[result.chosen]["test/r2"][1:] == (None, None)
    assert "one validation row separates nothing" in result.why
    assert "too few test rows to tell candidates apart: 1" in notes(tmp_path)


def test_a_column_that_outweighs_all_others_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = vectors(300)
    scales = np.logspace(-12, 12, 12), np.logspace(9, -9, 8)
    run(tmp_path, old * scales[0], new * scales[1], DebugChoice.step)
    told = " ".join(capsys.readouterr().out.split())
    assert "one column of the source holds" in told
    assert "R² and cosine are little more than that column's; divide columns" in told


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [(1e25, "its source latents reach .*too large for float32; scale them to about 1"),
     (1e-25, "its source latents reach .*too small for float32; scale them to about 1")],
)  # fmt: skip
def test_latents_out_of_range_are_refused(tmp_path: Path, scale: float, sentence: str) -> None:
    old, new = vectors(200)
    with pytest.raises(DataError, match=sentence):
        run(tmp_path, old * scale, new)


def test_a_dataset_of_one_row_many_times_is_refused(tmp_path: Path) -> None:
    old, new = vectors(1)
    with pytest.raises(DataError, match="every row of the validation split stands among its"):
        run(tmp_path, np.repeat(old, 200, axis=0), np.repeat(new, 200, axis=0))


def test_a_target_that_does_not_vary_is_refused(tmp_path: Path) -> None:
    old, new = vectors(200)
    with pytest.raises(DataError, match="all equal the training mean"):
        run(tmp_path, old, np.repeat(new[:1], 200, axis=0))
