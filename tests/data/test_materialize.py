"""Frozen work, done once."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.data_worlds import (
    EMBEDDER,
    SPECS,
    SUMMER,
    TO_HIDDEN,
    TO_VECTOR,
    catalog,
    codes,
    dataset,
    logarithm_of_sum,
    route,
    runner,
    segment,
    stored,
    table,
    words,
)
from transcoder.data import (
    LatentStore,
    Table,
    is_stored,
    load_table,
    materialize,
    planned_bytes,
    store_key,
)
from transcoder.errors import ConversionError, DataError, NonFiniteError, OracleError
from transcoder.vocabulary import EdgePath, Modality, Route

ROWS = 120
MANY = 700
CHILD = (
    "import sys; from pathlib import Path; from tests.data.data_worlds import *\n"
    "stored(Path(sys.argv[1]), TO_HIDDEN, words(int(sys.argv[2])))"
)


def child(
    root: Path, log: Path, delay_s: float, *, rows: int = ROWS
) -> subprocess.Popen[bytes]:
    here = {
        **os.environ,
        "PYTHONPATH": ":".join(path for path in sys.path if path),
        "TINY_LOG": str(log),
        "TINY_DELAY_S": str(delay_s),
    }
    return subprocess.Popen([sys.executable, "-c", CHILD, str(root), str(rows)], env=here)


def key(path: EdgePath, *texts: str) -> str:
    return store_key(route(path), table(texts or ["a", "b"]), catalog())


@pytest.mark.parametrize("path", [TO_VECTOR, TO_HIDDEN], ids=["fixed", "ragged"])
def test_stored_rows_are_what_the_path_gives_each_of_them(
    path: EdgePath, tmp_path: Path
) -> None:
    texts = words(70)
    tensors = stored(tmp_path, path, texts, batch_size=3)
    assert len(tensors) == 70
    for number, row in enumerate(runner().run(path, texts)):
        assert isinstance(row, dict)
        for name, taken in tensors.take(np.array([number])).items():
            np.testing.assert_allclose(taken[0], row[name], rtol=1e-6)


def test_a_column_of_vectors_is_stored_as_it_is(tmp_path: Path) -> None:
    vectors = np.arange(10, dtype=np.float32).reshape(5, 2)
    rows = Table("v", {"old": [{"vector": row} for row in vectors]}, groups=[*"abcde"])
    here = route(EdgePath(Modality.parse("{Vector}")), "old")
    store = LatentStore(tmp_path)
    tensors = materialize(here, rows, catalog=catalog(), runner=runner(), store=store)
    np.testing.assert_array_equal(tensors.array("vector"), vectors)


def test_what_is_stored_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    stored(tmp_path / "store", TO_VECTOR, words(9))
    stored(tmp_path / "store", TO_VECTOR, words(9))
    assert len((tmp_path / "log").read_text().splitlines()) == 9
    store = LatentStore(tmp_path / "store")
    assert is_stored(route(TO_VECTOR), table(words(9)), catalog=catalog(), store=store)
    assert not is_stored(route(TO_VECTOR), table(words(8)), catalog=catalog(), store=store)


def test_the_key_names_all_that_the_result_is_computed_from() -> None:
    start = TO_VECTOR.source
    other_net = segment("{Hidden}", "{Vector}", logarithm_of_sum(210.0))
    keys = [
        key(TO_VECTOR),
        key(TO_VECTOR, "a", "c"),
        key(TO_HIDDEN),
        key(EdgePath(start, (codes("2"), EMBEDDER, SUMMER))),
        key(EdgePath(start, (replace(codes(), parameters={"x": 1}), EMBEDDER, SUMMER))),
        key(EdgePath(start, (codes(), EMBEDDER, other_net))),
    ]
    assert len(set(keys)) == len(keys)
    assert key(TO_VECTOR) == key(TO_VECTOR)


def test_columns_of_equal_content_share_one_entry() -> None:
    one = Table("one", {"english": ["a"], "german": ["x"]}, groups=["1"])
    other = Table("other", {"text": ["a"]}, groups=["2"])
    first = store_key(route(TO_VECTOR), one, catalog())
    assert first == store_key(route(TO_VECTOR, "text"), other, catalog())


def test_progress_counts_every_row_computed_or_found(tmp_path: Path) -> None:
    for _ in range(2):
        seen: list[int] = []
        materialize(
            route(TO_VECTOR),
            table(words(70)),
            catalog=catalog(),
            runner=runner(),
            store=LatentStore(tmp_path),
            batch_size=4,
            progress=seen.append,
        )
        assert sum(seen) == 70


def test_the_planned_size_is_that_of_the_files(tmp_path: Path) -> None:
    for path, tolerance in ((TO_VECTOR, 0.0), (TO_HIDDEN, 0.1)):
        rows = table(words(700))
        planned = planned_bytes(route(path), rows, catalog=catalog(), runner=runner())
        size_bytes = stored(tmp_path, path, words(700)).size_bytes
        assert planned == pytest.approx(size_bytes, rel=tolerance)


def test_nan_in_a_latent_is_told_with_the_row_of_the_table(tmp_path: Path) -> None:
    nan_below = segment("{Hidden}", "{Vector}", logarithm_of_sum(210.0))
    path = EdgePath(TO_VECTOR.source, (codes(), EMBEDDER, nan_below))
    texts = ["zzz"] * 40
    texts[37] = "A"
    with pytest.raises(NonFiniteError, match=r"\{Vector\} gave NaN.*'vector' at row 37"):
        stored(tmp_path, path, texts)
    assert not any(entry.is_complete for entry in LatentStore(tmp_path).entries())


def test_a_value_that_does_not_fit_is_told_with_the_row_of_the_table(tmp_path: Path) -> None:
    rows = Table("words", {"english": ["abc", "ab", 7]}, groups=["1", "2", "3"])
    with pytest.raises(ConversionError, match=r"for value 2: .*'int' was found but text"):
        materialize(
            route(TO_VECTOR),
            rows,
            catalog=catalog(),
            runner=runner(),
            store=LatentStore(tmp_path),
        )


def test_a_route_to_content_is_refused(tmp_path: Path) -> None:
    here = EdgePath(Modality.parse("text<en>"))
    with pytest.raises(DataError, match="ends in content and only tensors are stored"):
        stored(tmp_path, here, words(9))


def test_an_oracle_that_fails_leaves_the_rows_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = words(ROWS)
    monkeypatch.setenv("TINY_DELAY_S", "no number")
    with pytest.raises(OracleError, match="'Codes' failed at value"):
        stored(tmp_path, TO_HIDDEN, texts)
    monkeypatch.delenv("TINY_DELAY_S")
    assert len(stored(tmp_path, TO_HIDDEN, texts)) == ROWS


def test_after_a_kill_the_next_run_goes_on_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, log = tmp_path / "killed", tmp_path / "log"
    killed = child(root, log, delay_s=0.02)
    limit = time.monotonic() + 60
    while not list(root.glob("*.partial/progress.json")) and time.monotonic() < limit:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    seen = len(log.read_text().splitlines())
    assert 0 < seen < ROWS
    monkeypatch.setenv("TINY_LOG", str(log))
    gone_on = stored(root, TO_HIDDEN, words(ROWS))
    assert len(log.read_text().splitlines()) < seen + ROWS
    undisturbed = stored(tmp_path / "other", TO_HIDDEN, words(ROWS))
    for file in ("0.values", "0.offsets", "1.values", "1.offsets"):
        assert (gone_on.folder / file).read_bytes() == (undisturbed.folder / file).read_bytes()


def test_two_processes_at_once_share_the_work_and_do_nothing_twice(tmp_path: Path) -> None:
    root, logs = tmp_path / "store", [tmp_path / "log 0", tmp_path / "log 1"]
    both = [child(root, log, delay_s=0.002, rows=MANY) for log in logs]
    assert [each.wait(timeout=60) for each in both] == [0, 0]
    seen = [log.read_text().splitlines() if log.exists() else [] for log in logs]
    assert sorted(seen[0] + seen[1]) == sorted(words(MANY))
    assert all(seen)
    [entry] = LatentStore(root).entries()
    assert entry.is_complete
    alone = stored(tmp_path / "alone", TO_HIDDEN, words(MANY))
    for file in ("0.values", "0.offsets", "1.values", "1.offsets"):
        assert (entry.folder / file).read_bytes() == (alone.folder / file).read_bytes()
    assert not (entry.folder / "shards").exists()


def test_a_helper_that_is_killed_leaves_its_shard_to_the_other(tmp_path: Path) -> None:
    root = tmp_path / "store"
    writer = child(root, tmp_path / "log", delay_s=0.002, rows=MANY)
    helper = child(root, tmp_path / "other", delay_s=0.02, rows=MANY)
    limit = time.monotonic() + 60
    while not (tmp_path / "other").exists() and time.monotonic() < limit:
        time.sleep(0.01)
    helper.kill()
    assert (writer.wait(timeout=60), helper.wait()) == (0, -signal.SIGKILL)
    np.testing.assert_array_equal(
        LatentStore(root).open(LatentStore(root).entries()[0].key).all()["hidden"],
        stored(tmp_path / "alone", TO_HIDDEN, words(MANY)).all()["hidden"],
    )


def test_a_damaged_shard_is_computed_again(tmp_path: Path) -> None:
    store = LatentStore(tmp_path)
    key = store_key(route(TO_VECTOR), table(words(9)), catalog())
    with store.writer(key, spec=SPECS["{Vector}"], rows=9, route="words"):
        shards = store.partial(key) / "shards"
        shards.mkdir()
        (shards / "0-9.npz").write_bytes(b"PK torn")
    assert len(stored(tmp_path, TO_VECTOR, words(9))) == 9


def vectors_in(file: Path) -> tuple[Table, Route]:
    """Rows that are read from a file whenever they are asked for."""
    np.save(file, np.ones((100, 2), np.float32))
    held = dataset("arrays", {"files": {"old": str(file)}}, old="{Vector}")
    ungrouped = replace(held, group="")
    path = EdgePath(Modality.parse("{Vector}"))
    return load_table(ungrouped, catalog()), Route("words", "old", path)


def rewrite(file: Path, value: float) -> None:
    """Change a file in place, as a program that writes to it meanwhile does."""
    mapped = np.load(file, mmap_mode="r+")
    mapped[90:] = value
    mapped.flush()


def test_a_file_that_changes_after_its_digest_was_taken_leaves_nothing_stored(
    tmp_path: Path,
) -> None:
    rows, here = vectors_in(tmp_path / "x.npy")
    store = LatentStore(tmp_path / "store")
    store_key(here, rows, catalog())
    rewrite(tmp_path / "x.npy", 2.0)
    told = r"'words' cannot be used: column 'old' has changed while it was read; nothing of it"
    with pytest.raises(DataError, match=told):
        materialize(here, rows, catalog=catalog(), runner=runner(), store=store)
    assert store.entries() == []


def test_rows_that_were_computed_before_the_file_changed_back_are_computed_again(
    tmp_path: Path,
) -> None:
    rows, here = vectors_in(tmp_path / "x.npy")
    store = LatentStore(tmp_path / "store")
    key = store_key(here, rows, catalog())
    with store.writer(key, spec=SPECS["{Vector}"], rows=100, route="words") as writer:
        writer.append({"vector": np.zeros((50, 2), np.float32)}, read="0" * 64)
    tensors = materialize(here, rows, catalog=catalog(), runner=runner(), store=store)
    np.testing.assert_array_equal(tensors.array("vector"), np.ones((100, 2)))
