"""What lies on disk, and what is refused."""

import json
import resource
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from filelock import FileLock, Timeout
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.data_worlds import SPECS, TO_HIDDEN, TO_VECTOR, stored, words
from transcoder.data import LatentStore, StoredTensors
from transcoder.errors import StorageError, UnknownNameError
from transcoder.sessions import collate
from transcoder.vocabulary import Array, Spec

KEY = "0" * 64
RAGGED = Spec.parse(
    "hidden: float16[batch, 2, time]", "mask: bool[batch, time]", "size: int64[batch]"
)


def ragged_rows(lengths: Sequence[int]) -> list[dict[str, Array]]:
    return [
        {
            "hidden": np.arange(2 * length, dtype=np.float16).reshape(2, length) + 1,
            "mask": np.ones(length, dtype=bool),
            "size": np.array(length),
        }
        for length in lengths
    ]


def written(root: Path, spec: Spec, rows: Sequence[dict[str, Array]]) -> StoredTensors:
    store = LatentStore(root)
    with store.writer(KEY, spec=spec, rows=len(rows), route="words") as writer:
        for start in range(0, len(rows), 2):
            pair = rows[start : start + 2]
            writer.append({name: [row[name] for row in pair] for name in spec.names})
        writer.finish()
    return store.open(KEY)


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """The operating system refuses to write more into a file, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5) | st.just(70), min_size=1, max_size=6), st.data())
def test_rows_are_taken_in_any_order_as_a_padded_batch(
    lengths: list[int], data: st.DataObject
) -> None:
    rows = ragged_rows(lengths)
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8))
    with TemporaryDirectory() as root:
        tensors = written(Path(root), RAGGED, rows).take(np.array(picked, dtype=np.int64))
    wanted = collate([rows[number] for number in picked], RAGGED)
    for name in RAGGED.names:
        assert tensors[name].dtype == wanted[name].dtype
        np.testing.assert_array_equal(tensors[name], wanted[name])


def test_all_rows_come_as_one_batch_that_may_be_written_to(tmp_path: Path) -> None:
    everything = stored(tmp_path, TO_VECTOR, words(9)).all()
    assert everything["vector"].shape == (9, 2)
    assert everything["vector"].flags.writeable


def test_tensors_of_one_shape_can_be_looked_at_without_a_copy(tmp_path: Path) -> None:
    tensors = stored(tmp_path, TO_VECTOR, words(9))
    seen = tensors.array("vector")
    np.testing.assert_array_equal(seen, tensors.all()["vector"])
    assert not seen.flags.writeable


def test_ragged_tensors_cannot_be_looked_at_as_one_array(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="rows of 'hidden' differ in length"):
        stored(tmp_path, TO_HIDDEN, words(9)).array("hidden")


@pytest.mark.parametrize("number", [-1, 9])
def test_a_row_that_is_not_there_is_an_index_error(tmp_path: Path, number: int) -> None:
    with pytest.raises(IndexError, match="of 9 were asked for"):
        stored(tmp_path, TO_HIDDEN, words(9)).take(np.array([number]))


def test_entries_say_what_stands_in_a_store(tmp_path: Path) -> None:
    assert LatentStore(tmp_path / "none").entries() == []
    tensors = stored(tmp_path, TO_HIDDEN, words(9))
    [entry] = LatentStore(tmp_path).entries()
    assert entry.is_complete
    assert entry.folder == tensors.folder
    assert entry.size_bytes > tensors.size_bytes > 0
    assert str(tensors.route) == f"words.english: {TO_HIDDEN}"


def test_an_entry_that_is_removed_is_gone(tmp_path: Path) -> None:
    stored(tmp_path, TO_VECTOR, words(9))
    store = LatentStore(tmp_path)
    store.remove(store.entries()[0].key)
    assert store.entries() == []
    with pytest.raises(UnknownNameError, match="no stored entry"):
        store.open(KEY)


def test_a_removal_that_is_interrupted_leaves_no_complete_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(tmp_path, TO_VECTOR, words(9))
    store = LatentStore(tmp_path)
    [entry] = store.entries()
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda folder: (folder / "0.values").unlink() or 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.remove(entry.key)
    assert not store.has(entry.key)
    assert len(stored(tmp_path, TO_VECTOR, words(9))) == 9


def test_a_truncated_file_is_found_when_opened(tmp_path: Path) -> None:
    folder = stored(tmp_path, TO_VECTOR, words(9)).folder
    (folder / "0.values").write_bytes(b"x" * 71)
    told = r"the file '0\.values' has 71 bytes where 72 were written; delete that folder"
    with pytest.raises(StorageError, match=told):
        stored(tmp_path, TO_VECTOR, words(9))


def test_a_flipped_byte_is_found_by_verify(tmp_path: Path) -> None:
    tensors = stored(tmp_path, TO_VECTOR, words(9))
    tensors.verify()
    (tensors.folder / "0.values").write_bytes(b"x" * 72)
    with pytest.raises(StorageError, match=r"'0\.values' has changed since it was written"):
        LatentStore(tmp_path).verify(tensors.folder.name)


@pytest.mark.parametrize(
    ("version", "remedy"), [(99, "delete that folder"), (1, "run transcoder store rm --unused")]
)
def test_an_entry_of_another_version_is_refused(
    tmp_path: Path, version: int, remedy: str
) -> None:
    meta = stored(tmp_path, TO_VECTOR, words(9)).folder / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "format": version}))
    told = f"it has format {version}, this version reads 2; {remedy}"
    with pytest.raises(StorageError, match=told):
        stored(tmp_path, TO_VECTOR, words(9))
    [entry] = LatentStore(tmp_path).entries()
    assert entry.is_outdated == (version == 1)


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_damaged_description_is_refused(tmp_path: Path, content: str) -> None:
    (stored(tmp_path, TO_VECTOR, words(9)).folder / "meta.json").write_text(content)
    with pytest.raises(StorageError, match=r"its meta\.json is missing or damaged"):
        stored(tmp_path, TO_VECTOR, words(9))


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    store = LatentStore(tmp_path)
    told = r"8,000 TB are needed and .*B are free; free space"
    with (
        pytest.raises(StorageError, match=told),
        store.writer(KEY, spec=SPECS["{Vector}"], rows=10**15, route="words") as writer,
    ):
        writer.append({"vector": np.zeros((2, 2), np.float32)})
    assert not list((tmp_path / f"{KEY}.partial").iterdir())


def test_a_disk_that_is_too_small_for_what_is_planned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"1,000 TB are needed and .*B are free; free space"):
        LatentStore(tmp_path / "not" / "there").require_space(10**15)


@pytest.mark.parametrize("torn", [b"torn", None], ids=["longer", "shorter"])
def test_an_interrupted_entry_goes_on_behind_what_was_recorded(
    tmp_path: Path, torn: bytes | None
) -> None:
    rows = ragged_rows([3, 1, 2, 5])
    columns = [
        {name: [row[name] for row in rows[i : i + 2]] for name in rows[0]} for i in (0, 2)
    ]
    store = LatentStore(tmp_path)
    with store.writer(KEY, spec=RAGGED, rows=4, route="words") as writer:
        writer.append(columns[0])
    values = tmp_path / f"{KEY}.partial" / "0.values"
    values.write_bytes(values.read_bytes() + torn if torn else values.read_bytes()[:-1])
    with store.writer(KEY, spec=RAGGED, rows=4, route="words") as writer:
        assert writer.done == (2 if torn else 0)
        for part in columns[writer.done // 2 :]:
            writer.append(part)
        writer.finish()
    for name, tensor in collate(rows, RAGGED).items():
        np.testing.assert_array_equal(store.open(KEY).all()[name], tensor)


def test_a_disk_that_fills_up_leaves_what_can_be_gone_on_with(tmp_path: Path) -> None:
    texts = words(200)
    with (
        files_at_most(1000),
        pytest.raises(StorageError, match=r"file too large.*goes on behind"),
    ):
        stored(tmp_path / "a", TO_HIDDEN, texts)
    gone_on = stored(tmp_path / "a", TO_HIDDEN, texts)
    undisturbed = stored(tmp_path / "b", TO_HIDDEN, texts)
    for name, tensor in undisturbed.all().items():
        np.testing.assert_array_equal(gone_on.all()[name], tensor)


def test_an_entry_is_let_go_of_however_it_was_taken(tmp_path: Path) -> None:
    store = LatentStore(tmp_path)
    for _ in range(2):
        with (
            store.locked(KEY, meanwhile=lambda: False),
            ThreadPoolExecutor(1) as other,
        ):
            waiting = other.submit(
                lambda: FileLock(tmp_path / f"{KEY}.lock").acquire(timeout=0)
            )
            assert isinstance(waiting.exception(), Timeout)


def test_a_store_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"'.*file/store' cannot be used: not a directory"):
        stored(tmp_path / "file" / "store", TO_VECTOR, words(9))


def test_two_axes_of_any_length_cannot_be_stored(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"'pairs: .*have 2 axes of any length, not one"):
        LatentStore(tmp_path).writer(KEY, spec=SPECS["{Pairs}"], rows=1, route="words")
