"""What closes a sweep ranks its jobs, averages its seeds and draws its choices."""

import json
import math
from pathlib import Path

import pytest

from transcoder.recipe import (
    read_jobs,
    seed_groups,
    seed_table,
    sweep_html,
    sweep_table,
    write_record,
)
from transcoder.reports import PlainScore, RunResult, maybe_read_result, write_result


def a_result(retention: float) -> RunResult:
    shown: dict[str, PlainScore] = {
        "validation/retention": (retention, retention - 0.1, retention + 0.1)
    }
    net: dict[str, PlainScore] = {"validation/retention": (retention / 2, None, None)}
    return RunResult(
        identity="0123456789abcdef0123",
        chosen="ridge",
        why="nothing was current",
        version=1,
        is_current=False,
        was_finished=False,
        seconds=12.0,
        test_rows=3,
        scores={"ridge": shown, "net": net},
    )


def a_job(sweep: Path, number: int, asked: str, retention: float | None) -> None:
    """Leave what a job leaves; without a retention it has failed."""
    hydra = sweep / str(number) / ".hydra"
    hydra.mkdir(parents=True)
    lines = ["- recipe=tiny", *(f"- {each}" for each in asked.split())]
    (hydra / "overrides.yaml").write_text("\n".join(lines), "utf-8")
    if retention is not None:
        write_result(sweep / str(number), a_result(retention))


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    for number, (asked, retention) in enumerate(
        [("adapter=mlp seed=0", 0.5), ("adapter=mlp seed=1", None), ("adapter=mlp seed=2", 0.9),
         ("adapter=linear seed=0", 0.6), ("adapter=linear seed=1", 0.8)]
    ):  # fmt: skip
        a_job(tmp_path / "swept", number, asked, retention)
    return tmp_path / "swept"


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    write_result(tmp_path / "job", a_result(0.5))
    read = maybe_read_result(tmp_path / "job")
    assert read is not None
    assert read.scores["ridge"]["validation/retention"][0] == 0.5


def test_a_folder_without_a_result_gives_none(tmp_path: Path) -> None:
    assert maybe_read_result(tmp_path) is None


def test_the_best_job_comes_first_and_a_failed_one_last(sweep: Path) -> None:
    table = sweep_table(sweep, read_jobs(sweep))
    assert list(table.columns[0].cells) == ["2", "4", "3", "0", "1"]
    assert next(iter(table.columns[1].cells)) == "adapter=mlp seed=2"
    assert list(table.columns[2].cells)[4] == "failed"


def test_a_result_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    for damaged in ("", "[]", '{"identity": "abc"}'):
        (tmp_path / "result.json").write_text(damaged, encoding="utf-8")
        assert maybe_read_result(tmp_path) is None


def test_seeds_are_averaged_with_students_interval_and_failed_ones_counted(sweep: Path) -> None:
    groups = {each.asked: each for each in seed_groups(read_jobs(sweep))}
    linear, mlp = groups["adapter=linear"], groups["adapter=mlp"]
    half = 12.706 * math.sqrt(0.02) / math.sqrt(2)
    assert linear.mean("validation/retention") == pytest.approx((0.7, 0.7 - half, 0.7 + half))
    assert (len(mlp.jobs), mlp.failed) == (3, 1)
    assert mlp.mean("test/retention") is None
    table = seed_table([linear, mlp])
    assert [next(iter(table.columns[each].cells)) for each in (3, 5)] == [
        "0.350 [-0.285, 0.985]",
        "0.700 [-0.571, 1.971]",
    ]


def test_what_all_jobs_were_asked_is_not_told_again_and_again(tmp_path: Path) -> None:
    for number in range(2):
        a_job(tmp_path, number, f"trainer.max_epochs=1 seed={number}", 0.5)
    assert {job.words for job in read_jobs(tmp_path)} == {"seed=0", "seed=1"}


def test_a_sweep_of_one_seed_has_no_groups(tmp_path: Path) -> None:
    for number, rate in enumerate(("1e-4", "1e-2")):
        a_job(tmp_path, number, f"optimizer.learning_rate={rate}", 0.5)
    assert seed_groups(read_jobs(tmp_path)) == []


def test_the_picture_has_a_chart_for_each_choice_that_differs(sweep: Path) -> None:
    drawn = sweep_html(sweep, read_jobs(sweep))
    assert drawn.count("<svg") == 2
    for key in ("adapter", "seed"):
        title = f"validation/retention of the trained net by {key}"
        assert f"<title>{title}</title>" in drawn
    assert drawn.count("<circle") == 2 * 4


def test_a_sweep_in_which_everything_failed_is_told(tmp_path: Path) -> None:
    a_job(tmp_path, 0, "seed=0", None)
    a_job(tmp_path, 1, "seed=1", None)
    assert "failed" in sweep_html(tmp_path, read_jobs(tmp_path))


def test_the_registry_knows_the_runs_of_a_sweep(sweep: Path, tmp_path: Path) -> None:
    write_record(tmp_path, sweep, read_jobs(sweep))
    record = json.loads((tmp_path / "sweeps" / "swept.json").read_text("utf-8"))
    assert record["jobs"][0] == {"asked": "adapter=mlp seed=2", "run": "0123456789abcdef"}
    assert record["jobs"][-1] == {"asked": "adapter=mlp seed=1", "run": None}
