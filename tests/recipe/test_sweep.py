"""The table that closes a sweep ranks its jobs."""

from pathlib import Path

from transcoder.recipe import sweep_table
from transcoder.reports import PlainScore, RunResult, maybe_read_result, write_result


def a_result(retention: float) -> RunResult:
    shown: dict[str, PlainScore] = {
        "validation/retention": (retention, retention - 0.1, retention + 0.1)
    }
    return RunResult(
        identity="abc",
        chosen="net",
        why="nothing was current",
        version=1,
        is_current=False,
        was_finished=False,
        seconds=12.0,
        test_rows=3,
        scores={"net": shown},
    )


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    write_result(tmp_path / "job", a_result(0.5))
    read = maybe_read_result(tmp_path / "job")
    assert read is not None
    assert read.scores["net"]["validation/retention"][0] == 0.5


def test_a_folder_without_a_result_gives_none(tmp_path: Path) -> None:
    assert maybe_read_result(tmp_path) is None


def test_the_best_job_comes_first_and_a_failed_one_last(tmp_path: Path) -> None:
    write_result(tmp_path / "0", a_result(0.5))
    write_result(tmp_path / "2", a_result(0.9))
    jobs = [(tmp_path / str(job), f"seed={job}") for job in (0, 1, 2)]
    table = sweep_table(tmp_path, jobs)
    assert list(table.columns[0].cells) == ["2", "0", "1"]
    assert list(table.columns[2].cells)[2] == "failed"


def test_a_result_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    for damaged in ("", "[]", '{"identity": "abc"}'):
        (tmp_path / "result.json").write_text(damaged, encoding="utf-8")
        assert maybe_read_result(tmp_path) is None
