"""The states of a registry in one SQLite file."""

import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import final

from typing_extensions import override

from transcoder.errors import RegistryVersionError, StorageError
from transcoder.registry._diff import Delta, NounDelta, SegmentDelta
from transcoder.registry._nouns import (
    Action,
    Change,
    Kind,
    Noun,
    NounId,
    PastCommit,
    State,
    id_of,
)
from transcoder.registry._rows import (
    key_of,
    noun_of,
    row_of,
    row_of_segment,
    segment_of,
)
from transcoder.registry._schema import APPLICATION_ID, MIGRATIONS
from transcoder.registry._statements import (
    ADD_HISTORY,
    ADD_REVISION,
    ADD_SEGMENT,
    ADVANCE_HEAD,
    FIND_RETIRED,
    KEEP_NUMBER,
    MOVE_SEGMENT,
    PUT_BLOB,
    SELECT_BLOBS,
    SELECT_HEAD,
    SELECT_HISTORY,
    SELECT_SEGMENTS,
    SELECT_SWEPT,
    STATEMENTS,
    SWEEP_BLOBS,
    SWEEP_SEGMENT,
)
from transcoder.registry._storage_errors import storage_errors
from transcoder.registry._store import Store
from transcoder.vocabulary import Segment, SegmentKey

_BUSY_TIMEOUT_S = 30.0
_LONGEST_LOG_BYTES = 16 * 2**20
"""Of the write-ahead log before a commit waits for readers to let go of it."""
_EMPTYING_S = 2.0
"""How long such a commit waits at most; the next one tries again."""

_Values = tuple[str | int | None, ...]
"""What stands in the places of a statement."""


@final
class SqliteStore(Store):
    """Keeps states in an SQLite file in WAL mode, which threads may share.

    Args:
        path: The file; made, with its tables, if it is not there.

    Raises:
        StorageError: If the file cannot be used or is something else.
        RegistryVersionError: If its tables are of another version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        with storage_errors(path):
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            weakref.finalize(self, self._connection.close)
            self._connection.row_factory = sqlite3.Row
            _prepare(self._connection, path)

    @override
    def revision(self) -> int:
        with self._lock, storage_errors(self._path):
            return _head(self._connection)

    @override
    def load(self) -> State:
        with self._lock, storage_errors(self._path), _transaction(self._connection, "DEFERRED"):
            segments, retired = _read_segments(self._connection)
            nouns = dict(_read_nouns(self._connection))
            swept = {
                key_of(row): int(row["version"])
                for row in self._connection.execute(SELECT_SWEPT)
            }
            return State(_head(self._connection), nouns, segments, retired, swept)

    @override
    def write(
        self,
        base: int,
        delta: Delta,
        *,
        blobs: Mapping[str, int],
        note: str,
        is_ready: Callable[[], bool],
    ) -> bool:
        with (
            self._lock,
            storage_errors(self._path),
            _transaction(self._connection, "IMMEDIATE") as connection,
        ):
            if connection.execute(ADVANCE_HEAD, {"base": base}).rowcount == 0:
                return False
            if not is_ready():
                connection.execute("ROLLBACK")
                return False
            sizes = [{"digest": key, "size_bytes": size} for key, size in blobs.items()]
            connection.executemany(PUT_BLOB, sizes)
            for noun in delta.nouns:
                _write_noun(connection, noun)
            for is_new, segments in groupby(delta.segments, lambda each: each.is_new):
                write = _added if is_new else _moved
                rows = (write(each, revision=base + 1) for each in segments)
                connection.executemany(ADD_SEGMENT if is_new else MOVE_SEGMENT, rows)
            _write_history(connection, base + 1, delta.changes, note=note)
        with self._lock:
            _shorten_log(self._connection, self._path)
        return True

    @override
    def sweep(self, before: datetime, *, note: str) -> tuple[Change, ...]:
        moment = before.astimezone(UTC).isoformat()
        with (
            self._lock,
            storage_errors(self._path),
            _transaction(self._connection, "IMMEDIATE") as connection,
        ):
            rows = [dict(row) for row in connection.execute(FIND_RETIRED, {"before": moment})]
            if not rows:
                return ()
            base = _head(connection)
            connection.execute(ADVANCE_HEAD, {"base": base})
            connection.executemany(KEEP_NUMBER, rows)
            connection.executemany(SWEEP_SEGMENT, rows)
            connection.execute(SWEEP_BLOBS)
            changes = tuple(_swept(row) for row in rows)
            _write_history(connection, base + 1, changes, note=note)
            return changes

    @override
    @contextmanager
    def while_nobody_writes(self) -> Iterator[frozenset[str]]:
        with (
            self._lock,
            storage_errors(self._path),
            _transaction(self._connection, "IMMEDIATE") as connection,
        ):
            yield frozenset(row["digest"] for row in connection.execute(SELECT_BLOBS))

    @override
    def history(self) -> list[PastCommit]:
        with self._lock, storage_errors(self._path):
            rows = self._connection.execute(SELECT_HISTORY).fetchall()
        return [
            _past_commit(list(commit))
            for _, commit in groupby(rows, lambda row: row["revision"])
        ]

    @override
    def close(self) -> None:
        with self._lock, storage_errors(self._path):
            self._connection.close()


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[sqlite3.Connection]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        if connection.in_transaction:
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _shorten_log(connection: sqlite3.Connection, path: Path) -> None:
    """Empty the log where it has grown long, which it does while readers never pause.

    SQLite starts it anew only when nobody reads; TRUNCATE waits until all readers have seen
    the end of it (https://www.sqlite.org/wal.html, "Avoiding excessively large WAL files").
    """
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or log.stat().st_size < _LONGEST_LOG_BYTES:
        return
    with suppress(sqlite3.Error):  # what was committed stays so
        connection.execute(f"PRAGMA busy_timeout = {int(_EMPTYING_S * 1000)}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_TIMEOUT_S * 1000)}")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_TIMEOUT_S * 1000)}")
    _refuse_foreign(connection, path)
    _enter_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if _schema(connection) < len(MIGRATIONS):
        with _transaction(connection, "IMMEDIATE"):
            for number in range(_schema(connection) + 1, len(MIGRATIONS) + 1):
                _migrate(connection, number)


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    # In this order: another process may commit the first tables, and the id, between the two.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID and (application or tables):
        reason = "it is a database of another program"
        raise StorageError(str(path), reason, "choose another registry.url")
    if _schema(connection) > len(MIGRATIONS):
        raise RegistryVersionError(str(path), _schema(connection), len(MIGRATIONS))


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Enter WAL mode; SQLite does not wait for others by itself at this step."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _schema(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, number: int) -> None:
    for statement in MIGRATIONS[number - 1].split(";"):
        connection.execute(statement)
    row = {"number": number, "at": datetime.now(UTC).isoformat()}
    connection.execute("INSERT INTO migration (number, at) VALUES (:number, :at)", row)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {number}")


def _head(connection: sqlite3.Connection) -> int:
    return int(connection.execute(SELECT_HEAD).fetchone()["rev"])


def _read_nouns(connection: sqlite3.Connection) -> Iterator[tuple[NounId, Noun]]:
    for kind, statements in STATEMENTS.items():
        for row in connection.execute(statements.select):
            noun = noun_of(kind, row)
            yield id_of(noun), noun


_Versions = dict[SegmentKey, tuple[Segment, ...]]


def _read_segments(connection: sqlite3.Connection) -> tuple[_Versions, _Versions]:
    live: dict[SegmentKey, list[Segment]] = {}
    retired: dict[SegmentKey, list[Segment]] = {}
    for row in connection.execute(SELECT_SEGMENTS):
        segment = segment_of(row)
        table = live if row["retired_at"] is None else retired
        table.setdefault(segment.key, []).append(segment)
    return _frozen(live), _frozen(retired)


def _frozen(table: Mapping[SegmentKey, list[Segment]]) -> _Versions:
    return {key: tuple(versions) for key, versions in table.items()}


def _write_noun(connection: sqlite3.Connection, delta: NounDelta) -> None:
    statements = STATEMENTS[delta.id.kind]
    if delta.action is Action.REMOVED:
        connection.execute(statements.delete, {"name": delta.id.name})
    else:
        connection.execute(statements.put, row_of(delta.noun))


def _added(delta: SegmentDelta, *, revision: int) -> _Values:
    return (*row_of_segment(delta.segment), revision if delta.is_retired else None)


def _moved(delta: SegmentDelta, *, revision: int) -> _Values:
    segment = delta.segment
    ends = str(segment.source), str(segment.target)
    retired_at = revision if delta.is_retired else None
    return (int(segment.is_current), retired_at, segment.name, *ends, segment.version)


def _write_history(
    connection: sqlite3.Connection, revision: int, changes: Sequence[Change], *, note: str
) -> None:
    now = datetime.now(UTC).isoformat()
    connection.execute(ADD_REVISION, {"revision": revision, "at": now, "note": note})
    rows = (
        (revision, change.kind.value, change.name, change.action.value) for change in changes
    )
    connection.executemany(ADD_HISTORY, rows)


def _swept(row: Mapping[str, object]) -> Change:
    name = f"{row['model']}: {row['source']} -> {row['target']} #{row['version']}"
    return Change(Kind.SEGMENT, name, Action.SWEPT)


def _past_commit(rows: list[sqlite3.Row]) -> PastCommit:
    first = rows[0]
    changed = (
        Change(Kind(row["kind"]), row["name"], Action(row["action"]))
        for row in rows
        if row["kind"] is not None
    )
    at = datetime.fromisoformat(first["at"])
    return PastCommit(first["revision"], at, first["note"], tuple(changed))
