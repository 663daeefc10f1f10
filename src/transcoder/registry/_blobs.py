"""Files named by the SHA-256 of what they hold, in one folder."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import final
from uuid import uuid4

from typing_extensions import override

from transcoder.errors import CorruptBlobError, StorageError
from transcoder.registry._storage_errors import storage_errors
from transcoder.registry._store import Blobs

_GRACE_S = 3600.0


@final
class BlobFolder(Blobs):
    """Keeps `sha256/aa/<digest>` under a folder, each whole or not there.

    Args:
        root: The folder; made when something is first stored.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"

    @override
    def put(self, files: Mapping[str, bytes]) -> None:
        folders: set[Path] = set()
        with storage_errors(self._root):
            for digest, data in files.items():
                place = self._place(digest)
                if not _holds(place, digest):
                    _make_folder(place.parent)
                    _make_folder(self._incoming)
                    self._write(place, data)
                    folders.add(place.parent)
            for folder in sorted(folders):
                _sync_folder(folder)

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

    def sweep(self, grace_s: float = _GRACE_S) -> int:
        """Delete what interrupted writers left behind.

        Args:
            grace_s: Leave what is younger, for its writer may be at work, in seconds.

        Returns:
            How many files were deleted.
        """
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

    def _write(self, place: Path, data: bytes) -> None:
        aside = self._incoming / f"{uuid4().hex}.part"
        try:
            with aside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(place)
        except OSError:
            aside.unlink(missing_ok=True)
            raise


def _holds(place: Path, digest: str) -> bool:
    """Whether a file is there and whole; a damaged one is written again."""
    try:
        return sha256(place.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each synced into the one that holds it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
