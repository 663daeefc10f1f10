"""Rows that cannot be used are left out up to a limit, the same ones everywhere."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.data_worlds import (
    EMBEDDER,
    TO_HIDDEN,
    TO_VECTOR,
    catalog,
    codes,
    dataset,
    logarithm_of_sum,
    route,
    runner,
    segment,
    words,
)
from transcoder.data import (
    LatentStore,
    StoredTensors,
    Table,
    load_table,
    materialize,
    planned_bytes,
    usable_rows,
)
from transcoder.data._skipped import SkippedRows
from transcoder.errors import DataError
from transcoder.vocabulary import EdgePath, Split, Value

NAN_BELOW = segment("{Hidden}", "{Vector}", logarithm_of_sum(210.0))
TO_NAN = EdgePath(TO_VECTOR.source, (codes(), EMBEDDER, NAN_BELOW))


def table(texts: list[Value], most: int) -> Table:
    groups = [str(number) for number in range(len(texts))]
    skipped = SkippedRows("words", most)
    return Table("words", {"english": texts}, groups=groups, skipped=skipped)


def made(rows: Table, path: EdgePath, root: Path) -> StoredTensors:
    parts = {"runner": runner(), "store": LatentStore(root)}
    return materialize(route(path), rows, catalog=catalog(), batch_size=4, **parts)  # type: ignore[arg-type] # each is of its own type


@pytest.mark.parametrize("path", [TO_NAN, TO_HIDDEN], ids=["fixed", "ragged"])
def test_rows_that_cannot_be_used_are_left_out_and_the_others_stay_in_place(
    path: EdgePath, tmp_path: Path
) -> None:
    texts: list[Value] = ["zzz"] * 40
    texts[3], texts[17] = "", 7
    rows = table(texts, most=2)
    tensors = made(rows, path, tmp_path)
    assert rows.skipped.rows == (3, 17)
    assert rows.skipped.summary == (
        "1 for a value of type 'int' was found but text is wanted (first row 17), "
        "1 for empty text (first row 3)"
    )
    good = made(table(["zzz"], 0), path, tmp_path / "good").all()
    for name, tensor in tensors.take(np.array([0, 18, 39])).items():
        np.testing.assert_array_equal(tensor, np.repeat(good[name], 3, axis=0))


def test_nan_is_a_reason_to_leave_a_row_out(tmp_path: Path) -> None:
    rows = table(["zzz", "A", "zz", "B"], most=2)
    made(rows, TO_NAN, tmp_path)
    assert rows.skipped.rows == (1, 3)
    assert rows.skipped.summary.startswith("2 for NaN or infinity from ")


def test_one_row_more_than_allowed_stops_with_counts_and_first_rows(tmp_path: Path) -> None:
    told = (
        r"'words' cannot be used: 3 rows so far cannot be used and data\.max_skipped is 2: "
        r"2 for empty text \(first row 1\), 1 for a value .* \(first row 0\); correct these "
        r"rows, or allow more with data\.max_skipped=6"
    )
    with pytest.raises(DataError, match=told):
        made(table([7, "", "zzz", " "], most=2), TO_VECTOR, tmp_path)


def test_empty_text_stops_where_nothing_may_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'english' holds an empty text at row 1"):
        made(table(["zzz", ""], most=0), TO_VECTOR, tmp_path)


def test_the_next_run_leaves_out_the_same_without_computing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[Value] = ["zzz", "", "zz"]
    made(table(texts, most=1), TO_VECTOR, tmp_path / "store")
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    again = table(texts, most=1)
    made(again, TO_VECTOR, tmp_path / "store")
    assert again.skipped.rows == (1,)
    assert not (tmp_path / "log").exists()
    with pytest.raises(DataError, match=r"data\.max_skipped is 0: 1 for empty text"):
        made(table(texts, most=0), TO_VECTOR, tmp_path / "store")


def test_a_run_that_goes_on_remembers_what_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[Value] = [*words(70)]
    texts[2] = ""
    monkeypatch.setattr("transcoder.data._windows._BATCHES", 1)
    monkeypatch.setattr("transcoder.data._writer.EntryWriter.finish", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        made(table(texts, most=1), TO_VECTOR, tmp_path)
    monkeypatch.undo()
    rows = table(texts, most=1)
    assert made(rows, TO_VECTOR, tmp_path).skipped == {2: "empty text"}


def test_a_value_that_a_column_cannot_hold_is_left_out_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("label,english\n1,a\nx,b\n3,c\n", encoding="utf-8")
    here = dataset(
        "huggingface",
        {"path": "csv", "data_files": str(tmp_path / "rows.csv"), "cache_dir": str(tmp_path)},
        english="text<en>",
        label="label",
    )
    rows = load_table(here, catalog(), max_skipped=1)
    assert (len(rows.fingerprint), rows.skipped.rows) == (64, (1,))
    assert rows.skipped.summary == "1 for no label (first row 1)"
    with pytest.raises(DataError, match="column 'label' holds str 'x' where a label"):
        assert load_table(here, catalog()).fingerprint


def test_splits_lose_the_rows_that_are_left_out() -> None:
    rows = table(["a", "b", "c"], most=3)
    rows.skipped.note({1: "empty text"})
    splits = {split: np.array([number]) for number, split in enumerate(Split)}
    splits[Split.TRAIN] = np.array([0, 1])
    splits[Split.VALIDATION] = np.array([2])
    assert usable_rows(rows, splits)[Split.TRAIN].tolist() == [0]
    rows.skipped.note({2: "empty text"})
    with pytest.raises(DataError, match="no row of the validation split can be used: 2 for"):
        usable_rows(rows, splits)


def test_a_subset_of_rows_knows_which_of_them_cannot_be_used() -> None:
    rows = table(["a", "", "c"], most=1)
    rows.skipped.note({1: "empty text"})
    few = rows.subset(np.array([1, 2]))
    assert ([*few.column("english")], few.groups) == (["", "c"], ["1", "2"])
    assert few.skipped.reasons == {0: "empty text"}


def test_a_sample_for_the_size_passes_over_rows_that_cannot_be_used() -> None:
    rows = table(["zzz", "", "zzz"], most=1)
    size = planned_bytes(route(TO_HIDDEN), rows, catalog=catalog(), runner=runner())
    whole = table(["zzz"] * 3, most=0)
    assert size == planned_bytes(route(TO_HIDDEN), whole, catalog=catalog(), runner=runner())


def test_the_digest_of_a_mapped_file_is_that_of_its_rows_one_by_one(tmp_path: Path) -> None:
    vectors = np.arange(10, dtype=np.float32).reshape(5, 2)
    np.save(tmp_path / "x.npy", vectors)
    mapped = dataset("arrays", {"files": {"old": str(tmp_path / "x.npy")}}, old="{Vector}")
    found = load_table(replace(mapped, group=""), catalog())
    rows: list[Value] = [{"vector": row} for row in vectors]
    alone = Table("v", {"old": rows}, groups=[*"abcde"])
    assert found.column_digest("old") == alone.column_digest("old")
