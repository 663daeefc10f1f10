"""Errors of disks and of SQLite, in sentences."""

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from transcoder.errors import StorageError

_FULL = ("the disk is full", "free some space and run again; nothing was changed")
_READ_ONLY = ("it cannot be written", "check its permissions or choose another place")
_ABSENT = ("it cannot be opened", "check that the folder exists and may be read and written")
_DAMAGED = ("it is damaged", "restore it from a copy")
_FOREIGN = ("it is no registry of transcoder", "choose another registry.url")
_BUSY = ("another process has been writing to it for too long", "run again when that has ended")
_FAILED = ("the disk failed or is full", "check the disk and run again; nothing was changed")

_BY_SQLITE: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _ABSENT,
    sqlite3.SQLITE_NOTADB: _FOREIGN,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_IOERR: _FAILED,
}

_BY_ERRNO: Mapping[int, tuple[str, str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.ENOENT: _ABSENT,
    errno.EEXIST: ("there is a file where a folder should be", "choose another place"),
    errno.ENOTDIR: ("there is a file where a folder should be", "choose another place"),
}


@contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """Turn what a disk or SQLite refuses into a sentence about a place.

    Raises:
        StorageError: In the place of an OSError, or of what SQLite says of its file.
    """
    try:
        yield
    except OSError as error:
        fallback = (error.strerror or str(error), "check the disk and run again")
        raise StorageError(str(place), *_BY_ERRNO.get(error.errno or 0, fallback)) from error
    except sqlite3.OperationalError as error:
        fallback = (str(error), "check the disk and run again; nothing was changed")
        raise StorageError(str(place), *_BY_SQLITE.get(_code(error), fallback)) from error
    except sqlite3.DatabaseError as error:
        if _code(error) not in _BY_SQLITE:
            raise
        raise StorageError(str(place), *_BY_SQLITE[_code(error)]) from error


def _code(error: sqlite3.Error) -> int:
    """The primary code of SQLite; errors of the Python module itself have none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
