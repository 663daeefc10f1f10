"""Write aside, sync, then rename: who reads meanwhile sees the old file or the new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transcoder.errors import StorageError

_REMEDY = "choose another place for the output"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the place to write to; where the block ends well, its file becomes that of the path.

    Whatever goes wrong, the path keeps what it held and nothing is left beside it. A path that
    is no plain file, such as `/dev/stdout` or a named pipe, is written to as it is.

    Args:
        path: Of the file; its suffix is that of the place, too.

    Raises:
        StorageError: If it cannot be written.
    """
    if path.is_dir():
        raise StorageError(str(path), "there is a folder of that name", _REMEDY)
    if path.exists() and not path.is_file():
        with _told(path, path):
            yield path
        return
    if not path.parent.is_dir():
        raise StorageError(str(path), f"there is no folder {str(path.parent)!r}", _REMEDY)
    aside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        with _told(path, aside):
            yield aside
            _sync(aside)
            aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write bytes to a file, all or none.

    Raises:
        StorageError: If it cannot be written.
    """
    with whole_file(path) as place:
        place.write_bytes(content)


@contextmanager
def _told(path: Path, aside: Path) -> Iterator[None]:
    """Tell of trouble by the name that the user knows."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).replace(str(aside), str(path)).rstrip(". ")
        raise StorageError(str(path), reason, _REMEDY) from error


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
