"""A folder of stored tensors, named by what they were computed from."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from filelock import FileLock, Timeout

from transcoder.data._files import maybe_read_json, require_space, storage_errors
from transcoder.data._stored import META, StoredTensors, is_outdated
from transcoder.data._writer import PROGRESS, EntryWriter
from transcoder.errors import UnknownNameError
from transcoder.vocabulary import Spec

_KEY = re.compile(r"(?P<key>[0-9a-f]{64})(?P<partial>\.partial)?")


@dataclass(frozen=True, slots=True)
class StoreEntry:
    """What stands in a store under one key.

    Attributes:
        key: SHA-256 of what it was computed from.
        folder: Where it is.
        size_bytes: Of all its files.
        is_complete: Whether all its rows are there.
        route: What it is, for people; empty where that is not written there.
        edges: Identities of the edges that made it, as `edge_identity` gives them.
        rows: How many are there.
        changed_s: When one of its files changed last, seconds since 1970.
        is_outdated: Whether an earlier version of this package wrote it; none is read again.
    """

    key: str
    folder: Path
    size_bytes: int
    is_complete: bool
    route: str = ""
    edges: tuple[str, ...] = ()
    rows: int = 0
    changed_s: float = 0.0
    is_outdated: bool = False


@final
class LatentStore:
    """Keeps what frozen networks made of datasets, for every run and every process.

    An entry is computed once, under its lock; a folder with its final name is complete.

    Args:
        root: The folder; made when first written to.
        storage_dtype: Of float32 and float64 on disk in entries that are begun, where it is to
            be another, `float16`; what is read has the dtype of its spec again.
    """

    def __init__(self, root: Path, *, storage_dtype: str | None = None) -> None:
        self.root = root
        self.storage_dtype = storage_dtype

    def entries(self) -> list[StoreEntry]:
        """List all entries in order of key, those that are not complete included."""
        folders = sorted(self.root.iterdir()) if self.root.exists() else []
        found = (_maybe_entry(folder) for folder in folders)
        return [entry for entry in found if entry is not None]

    def has(self, key: str) -> bool:
        """Whether a complete entry stands under the key."""
        return (self.root / key / META).exists()

    def open(self, key: str) -> StoredTensors:
        """Open a complete entry.

        Raises:
            UnknownNameError: If there is none.
            StorageError: If it is damaged or of another version.
        """
        stored = self.maybe_open(key)
        if stored is None:
            known = (entry.key for entry in self.entries() if entry.is_complete)
            raise UnknownNameError("stored entry", key, known)
        return stored

    def maybe_open(self, key: str) -> StoredTensors | None:
        """Open a complete entry; None where there is none.

        Raises:
            StorageError: If it is damaged or of another version.
        """
        folder = self.root / key
        return StoredTensors(folder) if folder.exists() else None

    def verify(self, key: str) -> None:
        """Compare the files of a complete entry with their digests.

        Raises:
            UnknownNameError: If there is none.
            StorageError: If it is damaged or of another version.
        """
        self.open(key).verify()

    def require_space(self, size_bytes: float) -> None:
        """See whether the disk has room for what is to be stored.

        Raises:
            StorageError: If it has not.
        """
        require_space(self.root, size_bytes)

    def remove(self, key: str) -> None:
        """Delete an entry, complete or not; nothing where there is none.

        Raises:
            StorageError: If it cannot be deleted.
        """
        with self.locked(key), storage_errors(self.root, "check who may write there"):
            for folder in (self.root / f"{key}.partial", self.root / key):
                if folder.exists():
                    _delete(folder)

    def try_remove(self, entry: StoreEntry) -> bool:
        """Delete an entry, unless a process works on it or it is no longer what was listed.

        Args:
            entry: As `entries` gave it.

        Returns:
            Whether it was deleted.

        Raises:
            StorageError: If it cannot be deleted.
        """
        lock = FileLock(self.root / f"{entry.key}.lock")
        with storage_errors(self.root, "check who may write there"):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return False
            try:
                if _maybe_entry(entry.folder) != entry:
                    return False
                _delete(entry.folder)
            finally:
                lock.release()
        return True

    @contextmanager
    def locked(
        self, key: str, *, meanwhile: Callable[[], bool] | None = None
    ) -> Iterator[None]:
        """Hold an entry against other processes; wait until they let go of it.

        Args:
            key: Of the entry.
            meanwhile: Called again and again while others hold it, as long as it gives true.

        Raises:
            StorageError: If the store cannot be written.
        """
        lock = FileLock(self.root / f"{key}.lock")
        with storage_errors(self.root, "check who may write there, or name another place"):
            self.root.mkdir(parents=True, exist_ok=True)
        while meanwhile is not None and not self._is_free(lock) and meanwhile():
            pass
        with storage_errors(self.root, "check who may write there, or name another place"):
            lock.acquire()
        try:
            yield
        finally:
            lock.release(force=True)  # it may have been taken twice

    def _is_free(self, lock: FileLock) -> bool:
        """Take the lock if it can be had."""
        with storage_errors(self.root, "check who may write there, or name another place"):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return False
        return True

    def partial(self, key: str) -> Path:
        """Where an entry is while it is not complete."""
        return self.root / f"{key}.partial"

    def writer(
        self, key: str, *, spec: Spec, rows: int, route: str, edges: Sequence[str] = ()
    ) -> EntryWriter:
        """Begin an entry, or go on with one that was interrupted; hold its lock meanwhile.

        Args:
            key: SHA-256 of what it is computed from.
            spec: What carries a row.
            rows: How many there will be.
            route: What it is, for people.
            edges: Identities of the edges that make it.
        """
        return EntryWriter(
            self.root / key,
            spec=spec,
            rows=rows,
            route=route,
            edges=edges,
            storage_dtype=self.storage_dtype,
        )


def _delete(folder: Path) -> None:
    """Delete an entry's folder; a kill leaves no part of it under a complete entry's name."""
    aside = folder.with_name(f"{folder.name.removesuffix('.partial')}.partial")
    if aside.exists():
        shutil.rmtree(aside)
    if folder != aside:
        folder.rename(aside)
        shutil.rmtree(aside)


def _maybe_entry(folder: Path) -> StoreEntry | None:
    """Look at a folder; None where it is no entry, or is moved away meanwhile."""
    match = _KEY.fullmatch(folder.name)
    if match is None or not folder.is_dir():
        return None
    is_complete = match["partial"] is None
    try:
        states = [file.stat() for file in (folder, *folder.rglob("*"))]
    except FileNotFoundError:
        return None
    told = maybe_read_json(folder / (META if is_complete else PROGRESS)) or {}
    edges, rows = told.get("edges"), told.get("rows")
    return StoreEntry(
        key=match["key"],
        folder=folder,
        size_bytes=sum(state.st_size for state in states[1:]),
        is_complete=is_complete,
        route=str(told.get("route", "")),
        edges=tuple(map(str, edges)) if isinstance(edges, list) else (),
        rows=rows if isinstance(rows, int) else 0,
        changed_s=max(state.st_mtime for state in states),
        is_outdated=is_outdated(told),
    )
