"""Columns from numpy's own files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.data_worlds import catalog, dataset
from transcoder.data import Table, load_table
from transcoder.errors import DataError
from transcoder.vocabulary import JsonValue

VECTORS = np.arange(8, dtype=np.float32).reshape(4, 2)


def loaded(files: dict[str, Path], **columns: str) -> Table:
    named: dict[str, JsonValue] = {name: str(path) for name, path in files.items()}
    source = dataset("arrays", {"files": named}, **columns)
    return load_table(replace(source, group=""), catalog())


def vectors_of(table: Table, name: str) -> list[list[float]]:
    rows = table.column(name)[:]
    return [list(map(float, row["vector"])) for row in rows if isinstance(row, dict)]


def test_vectors_come_from_npy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "old.npy", VECTORS)
    table = loaded({"old": tmp_path / "old.npy"}, old="{Vector}")
    assert vectors_of(table, "old") == VECTORS.tolist()
    assert len(table) == 4


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_columns_may_be_members_of_one_archive(tmp_path: Path, save: object) -> None:
    assert callable(save)
    save(tmp_path / "both.npz", old=VECTORS, new=np.asfortranarray(-VECTORS))
    files = {"old": tmp_path / "both.npz", "new": tmp_path / "both.npz"}
    table = loaded(files, old="{Vector}", new="{Vector}")
    assert vectors_of(table, "new") == (-VECTORS).tolist()


def test_labels_text_and_bare_arrays_come_from_arrays_too(tmp_path: Path) -> None:
    np.save(tmp_path / "kind.npy", np.array([3, 1], dtype=np.uint8))
    np.save(tmp_path / "word.npy", np.array(["one", "two"]))
    np.save(tmp_path / "numbers.npy", np.zeros((2, 3, 3)))
    files = {name: tmp_path / f"{name}.npy" for name in ("kind", "word", "numbers")}
    table = loaded(files, kind="label", word="text<en>", numbers="numbers")
    assert list(table.column("kind")) == [3, 1]
    assert list(table.column("word")) == ["one", "two"]
    [first, _] = table.column("numbers")
    assert isinstance(first, np.ndarray)
    assert first.shape == (3, 3)
    assert list(table.groups) == ["0", "1"]


def test_columns_of_different_length_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "old.npy", VECTORS)
    np.save(tmp_path / "new.npy", VECTORS[:3])
    files = {name: tmp_path / f"{name}.npy" for name in ("old", "new")}
    with pytest.raises(DataError, match="column 'old' has 4 rows, column 'new' has 3 rows"):
        loaded(files, old="{Vector}", new="{Vector}")


def test_an_archive_of_python_objects_is_never_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "old.npz", old=np.array([{}], dtype=object))
    with pytest.raises(DataError, match=r"old\.npz' cannot be read as numbers.*objects"):
        loaded({"old": tmp_path / "old.npz"}, old="{Vector}")
    np.save(tmp_path / "old.npy", np.array([{}], dtype=object))
    with pytest.raises(
        DataError, match=r"old\.npy' cannot be read as numbers.*without objects"
    ):
        loaded({"old": tmp_path / "old.npy"}, old="{Vector}")


def test_a_file_that_is_not_there_or_not_named_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file '.*none\.npy' for column 'old'"):
        loaded({"old": tmp_path / "none.npy"}, old="{Vector}")
    with pytest.raises(DataError, match=r"column 'old' has no file, only \['new'\] have"):
        loaded({"new": tmp_path / "none.npy"}, old="{Vector}")
    with pytest.raises(DataError, match=r"its options are .*give 'files'"):
        load_table(dataset("arrays", {"path": "x"}, old="{Vector}"), catalog())


def test_an_archive_without_the_column_is_told(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "torn.npz", old=VECTORS)
    content = bytearray((tmp_path / "torn.npz").read_bytes())
    content[50:90] = bytes(40)
    (tmp_path / "torn.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"torn\.npz' cannot be read as numbers"):
        loaded({"old": tmp_path / "torn.npz"}, old="{Vector}")
    np.savez(tmp_path / "both.npz", a=VECTORS, b=VECTORS)
    with pytest.raises(DataError, match=r"both\.npz' cannot be read.*old\.npy"):
        loaded({"old": tmp_path / "both.npz"}, old="{Vector}")


def test_a_modality_of_two_tensors_fits_no_column(tmp_path: Path) -> None:
    np.save(tmp_path / "old.npy", VECTORS)
    with pytest.raises(DataError, match=r"'\{Hidden\}' is carried by 2 tensors"):
        loaded({"old": tmp_path / "old.npy"}, old="{Hidden}")


def test_text_from_numbers_with_a_point_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "old.npy", np.array([0.5]))
    with pytest.raises(DataError, match="where text is wanted at row 0"):
        loaded({"old": tmp_path / "old.npy"}, old="text<en>")
