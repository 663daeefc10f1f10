"""Files that are whole or not there."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from hashlib import file_digest
from pathlib import Path

import numpy as np

from transcoder.errors import StorageError
from transcoder.vocabulary import Array, JsonValue, canonical_json


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
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


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
