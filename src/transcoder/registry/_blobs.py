"""Files named by the SHA-256 of what they hold, in one folder."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import final
from uuid import uuid4

from typing_extensions import override

from transcoder.errors import CorruptBlobError, StorageError
from transcoder.registry._storage_errors import storage_errors
from transcoder.registry._store import Blobs

GRACE_S = 3600.0
"""How long what is half written is left alone, for its writer may be at work, in seconds."""

_SYNCING_THREADS = 8


@final
class BlobFolder(Blobs):
    """Keeps `sha256/aa/<digest>` under a folder, each whole or not there.

    Args:
        root: The folder; made when something is first stored.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._durable: dict[Path, tuple[int, int]] = {}
        self._durable_folders: set[Path] = set()

    @override
    def put(self, files: Mapping[str, bytes]) -> None:
        if not files:
            return
        places = {digest: self._place(digest) for digest in files}
        with storage_errors(self._root):
            fresh = {
                place: files[digest]
                for digest, place in places.items()
                if not _holds(place, digest)
            }
            if fresh:
                _make_folders({self._incoming, *(place.parent for place in fresh)})
                self._write(fresh)
            self._sync_folders(list(places.values()))

    @override
    def holds(self, digests: Iterable[str]) -> bool:
        with storage_errors(self._root):
            return all(self._place(digest).is_file() for digest in digests)

    @override
    def read(self, digest: str) -> bytes:
        place = self._place(digest)
        if not place.is_file():
            remedy = "restore it from a copy, or register the model again"
            raise StorageError(str(place), "the file is missing", remedy)
        with storage_errors(place):
            data = place.read_bytes()
        found = sha256(data).hexdigest()
        if found != digest:
            raise CorruptBlobError(str(place), digest, found)
        return data

    @override
    def find_old(self, older_than_s: float) -> dict[str, int]:
        oldest = time.time() - older_than_s
        found: dict[str, int] = {}
        with storage_errors(self._root):
            for place in sorted(self._root.glob("sha256/??/*")):
                status = place.stat()
                if status.st_mtime < oldest:
                    found[place.name] = status.st_size
        return found

    @override
    def delete(self, digests: Iterable[str]) -> None:
        with storage_errors(self._root):
            for digest in digests:
                self._place(digest).unlink(missing_ok=True)

    @override
    def sweep_incoming(self, grace_s: float = GRACE_S) -> int:
        oldest = time.time() - grace_s
        swept = 0
        for leftover in self._incoming.glob("*.part"):
            with suppress(OSError):
                if leftover.stat().st_mtime < oldest:
                    leftover.unlink()
                    swept += 1
        return swept

    def _place(self, digest: str) -> Path:
        return self._root / "sha256" / digest[:2] / digest

    def _sync_folders(self, places: Sequence[Path]) -> None:
        """Make the names of files durable, those that others gave and may not have synced too.

        What this process has synced once is not synced again while it is the same file.
        """
        marks = {place: _mark(place) for place in places}
        loose = [each for each, mark in marks.items() if self._durable.get(each) != mark]
        folders = {place.parent for place in loose}
        if not folders <= self._durable_folders:
            top = self._root / "sha256"
            folders |= {self._root, self._root.parent} - self._durable_folders | {top}
        _sync(sorted(folders))
        self._durable_folders |= folders
        self._durable.update({place: marks[place] for place in loose})

    def _write(self, files: Mapping[Path, bytes]) -> None:
        """Write all aside, sync all together, then give all their names."""
        asides = {place: self._incoming / f"{uuid4().hex}.part" for place in files}
        try:
            for place, aside in asides.items():
                with aside.open("xb") as file:
                    file.write(files[place])
            _sync(list(asides.values()))
            for place, aside in asides.items():
                aside.replace(place)
        except OSError:
            for aside in asides.values():
                aside.unlink(missing_ok=True)
            raise


def _holds(place: Path, digest: str) -> bool:
    """Whether a file is there and whole; a damaged one is written again."""
    try:
        return sha256(place.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False


def _mark(place: Path) -> tuple[int, int]:
    """What tells a file from another one that took its name, or that it was swept again."""
    try:
        status = place.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_ino, status.st_mtime_ns


def _make_folders(folders: Iterable[Path]) -> None:
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)


def _sync(places: Sequence[Path]) -> None:
    """Make files or folders durable; from several threads, for disks sync many at once."""
    if len(places) < _SYNCING_THREADS:
        for place in places:
            _sync_one(place)
        return
    with ThreadPoolExecutor(_SYNCING_THREADS) as pool:
        for _ in pool.map(_sync_one, places):
            pass


def _sync_one(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
