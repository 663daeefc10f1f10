"""Files that are whole or not there."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Protocol

import numpy as np

from transcoder.errors import StorageError
from transcoder.vocabulary import Array, JsonValue, canonical_json

_STEP = 1000


class Hash(Protocol):
    """A digest to which bytes are added."""

    def update(self, content: memoryview, /) -> None:
        """Add bytes."""
        ...

    def hexdigest(self) -> str:
        """Give what they come to, in hexadecimal."""
        ...


def write_json(path: Path, value: JsonValue) -> None:
    """Write aside, sync, then rename."""
    aside = path.with_name(f"{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(canonical_json(value))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def maybe_read_json(path: Path) -> dict[str, object] | None:
    """Read an object; None where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_array(descriptor: int, array: Array) -> None:
    """Write the bytes of an array, without a buffer that could hold some back.

    Args:
        descriptor: Of an open file.
        array: Contiguous, any shape.
    """
    if not array.size:
        return
    content = array.reshape(-1).view(np.uint8).data
    while content:
        content = content[os.write(descriptor, content) :]


def sync_folder(folder: Path) -> None:
    """Make names that were added to or removed from a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return digest_of_file(path).hexdigest()


def digest_of_file(path: Path) -> Hash:
    """SHA-256 of a file, to which more may be added."""
    with path.open("rb") as file:
        return file_digest(file, sha256)


@contextmanager
def storage_errors(place: Path, remedy: str) -> Iterator[None]:
    """Say in a sentence what the operating system refused.

    Raises:
        StorageError: In the place of OSError.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in {ENOSPC, EDQUOT}
        reason = "the disk is full" if full else (error.strerror or str(error)).lower()
        raise StorageError(str(place), reason, remedy) from error


def require_space(place: Path, size_bytes: float) -> None:
    """See whether a disk has room, before anything is computed that would not fit.

    Args:
        place: A folder; those that do not exist yet stand for the one they will be made in.
        size_bytes: How much will be written.

    Raises:
        StorageError: If there is less.
    """
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if size_bytes > free:
        reason = f"{size_text(size_bytes)} are needed and {size_text(free)} are free"
        raise StorageError(str(place), reason, "free space or move the store")


def size_text(size_bytes: float) -> str:
    """Write a size for people.

    >>> size_text(2_500_000)
    '2.5 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if size_bytes < _STEP:
            return f"{size_bytes:.3g} {unit}"
        size_bytes /= _STEP
    return f"{size_bytes:,.0f} TB"
