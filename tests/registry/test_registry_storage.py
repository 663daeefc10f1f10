import os
import random
import sqlite3
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.registry.registry_children import (
    expect_read_only,
    fill_the_disk,
    run_at_once,
    start_committing,
    start_migrating,
    use_first,
)
from tests.registry.registry_worlds import FOUNDER, JOINT, filled_registry, joint, onnx_file
from transcoder.errors import CorruptBlobError, RegistryVersionError, StorageError
from transcoder.registry import Registry
from transcoder.vocabulary import ModalityType


def assert_whole(root: Path) -> None:
    """Read all that a registry refers to, and let SQLite check itself."""
    registry = Registry.open(root)
    catalog = registry.catalog()
    for versions in catalog.segments.values():
        assert sum(each.is_current for each in versions) <= 1
        for segment in versions:
            assert registry.blob(segment.digest or "")
    assert [each.revision for each in registry.history()] == list(
        range(1, catalog.revision + 1)
    )
    registry.close()
    with sqlite3.connect(root / "registry.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_a_registry_is_whole_after_each_of_many_kills(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    root, chance = registry.root, random.Random(0)  # noqa: S311 - times of kills
    for round_ in range(15):
        before, deadline = registry.revision(), time.monotonic() + 30
        child = start_committing(root, 1000 * (round_ + 1))
        while registry.revision() == before and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 0.1))
        child.kill()
        child.join()
        assert_whole(root)
    assert registry.revision() > 15


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    digest = registry.catalog().segments[JOINT][0].digest or ""
    place = registry.root / "blobs" / "sha256" / digest[:2] / digest
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.write_bytes(data)
    text = f"{digest}' should have SHA-256 {digest[:12]}... but has .* restore it from a copy"
    with pytest.raises(CorruptBlobError, match=text):
        registry.blob(digest)


def test_registering_again_repairs_a_damaged_file(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    digest = registry.catalog().segments[JOINT][0].digest or ""
    (registry.root / "blobs" / "sha256" / digest[:2] / digest).write_bytes(b"damaged")
    with registry.transaction() as transaction:
        transaction.put_segment(joint(3), onnx_file(3))
    assert registry.blob(digest) == onnx_file(3)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with pytest.raises(
        StorageError, match="the file is missing; restore it from a copy, or reg"
    ):
        registry.blob("0" * 64)


def test_a_registry_of_another_schema_is_refused(tmp_path: Path) -> None:
    filled_registry(tmp_path).close()
    with sqlite3.connect(tmp_path / "registry" / "registry.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(
        RegistryVersionError, match="has schema 99, this version reads 2; install"
    ):
        Registry.open(tmp_path / "registry")


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "registry").write_text("hello")
    for root in (tmp_path / "registry", tmp_path / "registry" / "below"):
        with pytest.raises(
            StorageError, match="there is a file where a folder should be; choose"
        ):
            Registry.open(root)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "registry.db").write_bytes(b"hello " * 1000)
    with pytest.raises(
        StorageError, match=r"no registry of transcoder; choose another registry.u"
    ):
        Registry.open(tmp_path)


def test_a_database_of_another_program_is_one_sentence(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "registry.db") as connection:
        connection.execute("CREATE TABLE theirs (id)")
    connection.close()
    with pytest.raises(
        StorageError, match="it is a database of another program; choose another"
    ):
        Registry.open(tmp_path)


def test_a_registry_that_is_not_there_is_made_only_on_request(tmp_path: Path) -> None:
    root = tmp_path / "registry"
    with pytest.raises(
        StorageError, match=r"there is no registry there; check registry.url, or"
    ):
        Registry.open(root, create=False)
    assert not root.exists()
    Registry.open(root).close()
    assert Registry.open(root, create=False).revision() == 0


def test_a_registry_that_may_not_be_written_is_one_sentence() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else; the next test is for others")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        filled_registry(Path(folder)).close()
        roots = [Path(folder) / "registry", Path(folder) / "new"]
        assert run_at_once(expect_read_only, [(root,) for root in roots]) == [0, 0]
        assert not roots[1].exists()
        assert Registry.open(roots[0]).revision() == 1


def downgrade(root: Path) -> None:
    """Make the database what the first schema made of it."""
    with sqlite3.connect(root / "registry.db") as connection:
        connection.executescript(
            "DROP TABLE swept; DROP INDEX segment_digest; DROP INDEX segment_retired;"
            "DELETE FROM migration WHERE number = 2; PRAGMA user_version = 1"
        )
    connection.close()


def test_a_registry_of_the_first_schema_is_migrated(tmp_path: Path) -> None:
    filled_registry(tmp_path).close()
    downgrade(tmp_path / "registry")
    registry = Registry.open(tmp_path / "registry")
    assert registry.catalog().current(FOUNDER) is not None
    with registry.transaction() as transaction:
        transaction.remove(JOINT)
    assert len(registry.sweep(timedelta(0)).versions) == 1
    assert_whole(tmp_path / "registry")


def test_many_may_migrate_at_once(tmp_path: Path) -> None:
    filled_registry(tmp_path).close()
    root = tmp_path / "registry"
    downgrade(root)
    assert run_at_once(use_first, [(root, number) for number in range(8)]) == [0] * 8
    assert Registry.open(root).revision() == 9
    assert_whole(root)


def test_a_crash_in_the_middle_of_a_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    filled_registry(tmp_path).close()
    root = tmp_path / "registry"
    child = start_migrating(root)
    deadline = time.monotonic() + 20
    log = root / "registry.db-wal"
    while time.monotonic() < deadline and not (log.exists() and log.stat().st_size > 2**22):
        time.sleep(0.01)
    child.kill()
    child.join()
    assert log.stat().st_size > 2**22
    assert_whole(root)
    with sqlite3.connect(root / "registry.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert ("later",) not in tables


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="it cannot be written; check its permissions"):
        Registry.open(tmp_path / "registry")


@pytest.mark.parametrize("limit_bytes", [100, 400_000], ids=["blobs", "database"])
def test_a_full_disk_is_one_sentence_and_changes_nothing(
    limit_bytes: int, tmp_path: Path
) -> None:
    filled_registry(tmp_path).close()
    root = tmp_path / "registry"
    assert run_at_once(fill_the_disk, [(root, limit_bytes)]) == [0]
    assert_whole(root)
    assert not list((root / "blobs" / "incoming").iterdir())
    with Registry.open(root).transaction() as transaction:
        transaction.put(ModalityType("after"))


def test_leftovers_are_swept_when_they_are_old(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    incoming = registry.root / "blobs" / "incoming"
    old, young = incoming / "old.part", incoming / "young.part"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    Registry.open(registry.root)
    assert [each.name for each in incoming.iterdir()] == ["young.part"]


def test_a_database_damaged_inside_is_one_sentence(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    registry.close()
    place = registry.root / "registry.db"
    data = bytearray(place.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    place.write_bytes(data)
    with pytest.raises(StorageError, match="it is damaged; restore it from a copy"):
        Registry.open(registry.root).catalog()


def test_threads_share_a_registry(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: registry.catalog().current(FOUNDER), range(40)))
    assert found == [registry.catalog().current(FOUNDER)] * 40


def test_the_log_stays_short_while_readers_never_pause(tmp_path: Path) -> None:
    registry = filled_registry(tmp_path)
    log, is_over = registry.root / "registry.db-wal", threading.Event()

    def read() -> None:
        with closing(
            sqlite3.connect(registry.root / "registry.db", isolation_level=None)
        ) as db:
            while not is_over.is_set():
                db.execute("BEGIN")
                db.execute("SELECT count(*) FROM revision").fetchall()
                time.sleep(0.02)
                db.execute("COMMIT")

    longest = 0
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for number in range(40):
                with registry.transaction("n" * 1_000_000) as transaction:
                    transaction.put(ModalityType(f"type{number}"))
                longest = max(longest, log.stat().st_size)
        finally:
            is_over.set()
    assert [each.result() for each in readers] == [None] * 4
    assert 0 < longest < 25 * 2**20
