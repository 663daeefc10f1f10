"""A folder of stored tensors, named by what they were computed from."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from filelock import FileLock

from transcoder.data._files import storage_errors
from transcoder.data._stored import META, StoredTensors
from transcoder.data._writer import EntryWriter
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
    """

    key: str
    folder: Path
    size_bytes: int
    is_complete: bool


@final
class LatentStore:
    """Keeps what frozen networks made of datasets, for every run and every process.

    An entry is computed once, under its lock; a folder with its final name is complete.

    Args:
        root: The folder; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def entries(self) -> list[StoreEntry]:
        """List all entries in order of key, those that are not complete included."""
        folders = sorted(self.root.iterdir()) if self.root.exists() else []
        named = [(folder, _KEY.fullmatch(folder.name)) for folder in folders]
        return [
            StoreEntry(match["key"], folder, _size_of(folder), match["partial"] is None)
            for folder, match in named
            if match is not None
        ]

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

    def remove(self, key: str) -> None:
        """Delete an entry, complete or not; nothing where there is none.

        Raises:
            StorageError: If it cannot be deleted.
        """
        with self.locked(key), storage_errors(self.root, "check who may write there"):
            for folder in (self.root / key, self.root / f"{key}.partial"):
                if folder.exists():
                    shutil.rmtree(folder)

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """Hold an entry against other processes; wait until they let go of it.

        Raises:
            StorageError: If the store cannot be written.
        """
        lock = FileLock(self.root / f"{key}.lock")
        with storage_errors(self.root, "check who may write there, or name another place"):
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def writer(self, key: str, *, spec: Spec, rows: int, route: str) -> EntryWriter:
        """Begin an entry, or go on with one that was interrupted; hold its lock meanwhile.

        Args:
            key: SHA-256 of what it is computed from.
            spec: What carries a row.
            rows: How many there will be.
            route: What it is, for people.
        """
        return EntryWriter(self.root / key, spec=spec, rows=rows, route=route)


def _size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
