"""Many values in one file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transcoder.errors import StorageError
from transcoder.serving import Stretch, create_rows, open_rows
from transcoder.vocabulary import Payload, Spec

SPEC = Spec.parse("vector: float32[batch, 3]")
VECTORS = np.arange(30, dtype=np.float32).reshape(10, 3)


def copied(source: Path, target: Path, spec: Spec | None = SPEC) -> Path:
    rows = open_rows(str(source), spec, None if spec else Payload.TEXT)
    with create_rows(target, rows.count) as sink:
        for part in rows.stretches(4):
            sink.add(part)
    return target


def test_vectors_survive_numpy_and_parquet(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VECTORS)
    table = copied(tmp_path / "a.npy", tmp_path / "b.parquet")
    back = copied(table, tmp_path / "c.npy")
    np.testing.assert_array_equal(np.load(back), VECTORS)
    assert pq.read_schema(table).names == ["vector"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.npy", "b.parquet", "c.npy"]


def test_lines_are_texts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("eins\nzwei\n\ndrei", "utf-8")
    back = copied(tmp_path / "a.txt", tmp_path / "b.txt", None)
    assert back.read_text("utf-8") == "eins\nzwei\n\ndrei\n"


def test_lists_of_one_length_in_parquet_are_rows_and_others_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1], "v": [[1.0, 2.0]]}), tmp_path / "a.parquet")
    rows = open_rows(str(tmp_path / "a.parquet"), SPEC, None, column="v")
    (part,) = rows.stretches(9)
    assert isinstance(part, dict)
    assert part["vector"].tolist() == [[1.0, 2.0]]
    assert part["vector"].dtype == np.float32
    pq.write_table(pa.table({"v": [[1.0], [1.0, 2.0]]}), tmp_path / "b.parquet")
    with pytest.raises(StorageError, match="its rows differ in length"):
        list(open_rows(str(tmp_path / "b.parquet"), SPEC, None).stretches(9))
    with pytest.raises(StorageError, match="no column 'w'; choose one of 'n', 'v' with --col"):
        open_rows(str(tmp_path / "a.parquet"), SPEC, None, column="w")
    pq.write_table(pa.table({"v": [[1.0], None]}), tmp_path / "c.parquet")
    with pytest.raises(StorageError, match="'v' has empty cells; drop these rows first"):
        list(open_rows(str(tmp_path / "c.parquet"), SPEC, None).stretches(9))


@pytest.mark.parametrize(
    ("name", "content", "spec", "sentence"),
    [
        ("a.npy", b"nothing", SPEC, r"give a \.npy file of rows"),
        ("a.parquet", b"nothing", SPEC, "give a Parquet file"),
        ("a.csv", b"1", SPEC, r"\.csv is no format of rows; give a \.npy or \.parquet"),
        (
            "a.npy",
            b"",
            Spec.parse("a: int8[batch]", "b: int8[batch]"),
            "are more than one array",
        ),
    ],
)
def test_what_holds_no_rows_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, spec: Spec, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StorageError, match=sentence):
        open_rows(str(tmp_path / name), spec, None)


def test_a_file_of_one_number_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.float32(1))
    with pytest.raises(StorageError, match="it holds one number; give an array with a row"):
        open_rows(str(tmp_path / "a.npy"), SPEC, None)
    with pytest.raises(StorageError, match="there is no such file; give a file of rows, or -"):
        open_rows(str(tmp_path / "none.npy"), SPEC, None)
    (tmp_path / "a.txt").write_bytes(b"\xff\n")
    with pytest.raises(StorageError, match="it is not UTF-8 text"):
        list(open_rows(str(tmp_path / "a.txt"), None, Payload.TEXT).stretches(9))


def test_the_mark_that_some_editors_write_first_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfeins\r\nzwei\r\n")
    assert list(open_rows(str(tmp_path / "a.txt"), None, Payload.TEXT).stretches(9)) == [
        ["eins", "zwei"]
    ]


@pytest.mark.parametrize("name", ["b.npy", "b.parquet"])
def test_no_rows_become_a_file_without_rows(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "a.npy", VECTORS[:0])
    back = copied(tmp_path / "a.npy", tmp_path / name)
    assert open_rows(str(back), SPEC, None).count == 0


def test_a_damaged_parquet_file_is_told_by_its_own_name(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(pa.table({"v": pa.array(VECTORS.tolist())}), place, compression="zstd")
    content = bytearray(place.read_bytes())
    content[4:60] = bytes(56)
    place.write_bytes(content)
    with pytest.raises(StorageError, match=r"a\.parquet' cannot be used: .*; get the file ag"):
        copied(place, tmp_path / "b.npy")


@pytest.mark.parametrize(
    ("name", "rows", "sentence"),
    [
        ("a.npy", [np.zeros(2), np.zeros(3)], r"one row has the shape \(2,\), another \(3,\)"),
        ("a.npy", {"a": np.zeros(1), "b": np.zeros(1)}, "each row has the tensors 'a', 'b'"),
        ("a.npy", ["one", "two"], r"would be text or sound.* write text with -o out\.txt"),
        ("a.txt", {"a": np.zeros(1)}, "lines hold texts and labels, not arrays"),
    ],
)
def test_rows_that_a_file_cannot_hold_leave_no_file(
    tmp_path: Path, name: str, rows: Stretch, sentence: str
) -> None:
    with (
        pytest.raises(StorageError, match=sentence),
        create_rows(tmp_path / name, 2) as sink,
    ):
        sink.add(rows)
    assert list(tmp_path.iterdir()) == []


def test_numpy_needs_the_number_of_rows_first(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"a \.npy file says first how many rows it has"),
        create_rows(tmp_path / "a.npy", None),
    ):
        pass


def test_a_numpy_file_grows_with_its_rows(tmp_path: Path) -> None:
    """A file that is mapped before there is room for it kills its process on a full disk."""
    with create_rows(tmp_path / "a.npy", 4000) as sink:
        for _ in range(40):
            (aside,) = tmp_path.iterdir()
            assert aside.stat().st_size < 4_000_000
            sink.add({"a": np.ones((100, 128))})
    assert np.load(tmp_path / "a.npy").sum() == 4000 * 128


def test_numbers_are_never_cut_to_those_of_the_first_rows(tmp_path: Path) -> None:
    with create_rows(tmp_path / "a.npy", 2) as sink:
        sink.add([np.array([1])])
        with pytest.raises(StorageError, match="one row is int64, another float64"):
            sink.add([np.array([0.5])])


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match="choose another place for the output"),
        create_rows(tmp_path / "no" / "a.npy", 1) as sink,
    ):
        sink.add({"a": np.zeros((1, 2))})
