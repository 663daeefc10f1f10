"""One entry of a latent store while it is being computed."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self, final

import numpy as np

from transcoder.data._files import (
    maybe_read_json,
    sha256_of,
    storage_errors,
    sync_folder,
    write_array,
    write_json,
)
from transcoder.data._layout import Layout, RowArrays, layouts_of
from transcoder.data._stored import FORMAT, META, spec_json
from transcoder.errors import StorageError
from transcoder.vocabulary import Array, JsonValue, Spec

PROGRESS = "progress.json"
_RECORD_EVERY_S = 0.5
_STEP = 1000
_FIRST_OFFSET = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _State:
    """Rows that are written, how long the files are with them, and what was read for them."""

    rows: int
    sizes: dict[str, int]
    read: str = ""


@final
class EntryWriter:
    """Appends rows to a folder beside its final name, and renames it when all are there.

    What is recorded survives a kill at any time: a new writer goes on behind it.

    Args:
        folder: The final name.
        spec: What carries a row.
        rows: How many rows there will be.
        route: What the entry is, for people.
        edges: Identities of the edges that make it.

    Raises:
        StorageError: If the place cannot be written.
    """

    def __init__(
        self, folder: Path, *, spec: Spec, rows: int, route: str, edges: Sequence[str] = ()
    ) -> None:
        self._folder = folder
        self._partial = folder.with_name(f"{folder.name}.partial")
        self._spec = spec
        self._rows = rows
        self._origin: dict[str, JsonValue] = {"route": route, "edges": list(edges)}
        self._layouts = layouts_of(spec, str(folder.parent))
        self._files: dict[str, int] = {}
        self._state = _State(0, dict.fromkeys(self._names(), 0))
        self._space_was_seen = False
        self._recorded_s = monotonic()

    @property
    def done(self) -> int:
        """How many rows are written."""
        return self._state.rows

    @property
    def read(self) -> str:
        """Digest of the values that those rows were computed from, as `append` was told."""
        return self._state.read

    def __enter__(self) -> Self:
        with self._storage_errors():
            self._state = self._recovered()
            self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._files and not isinstance(error, StorageError):
                with self._storage_errors():
                    self.record()
        finally:
            self._close()

    def append(self, columns: Mapping[str, RowArrays], *, read: str = "") -> None:
        """Add rows.

        Args:
            columns: For each tensor of the spec its array of each row, without batch axis.
            read: Digest of the values that all rows up to these were computed from.

        Raises:
            StorageError: If the disk is full, or is too small for all that is still to come.
        """
        pieces = [piece for layout in self._layouts for piece in self._pieces(layout, columns)]
        count = len(next(iter(columns.values())))
        with self._storage_errors():
            self._require_space(sum(content.nbytes for _, content in pieces) / count)
            sizes = dict(self._state.sizes)
            for name, content in pieces:
                write_array(self._files[name], content)
                sizes[name] += content.nbytes
            self._state = _State(self.done + count, sizes, read)
            if monotonic() - self._recorded_s > _RECORD_EVERY_S:
                self.record()

    def record(self) -> None:
        """Make what was appended last."""
        for descriptor in self._files.values():
            os.fsync(descriptor)
        state: dict[str, JsonValue] = {
            **self._origin,
            "format": FORMAT,
            "rows": self._state.rows,
            "read": self._state.read,
            "files": self._state.sizes,
        }
        write_json(self._partial / PROGRESS, state)
        self._recorded_s = monotonic()

    def begin_anew(self) -> None:
        """Forget all rows.

        Raises:
            StorageError: If the place cannot be written.
        """
        with self._storage_errors():
            self._close()
            self._state = self._anew()
            self._open()

    def discard(self) -> None:
        """Leave nothing of the entry."""
        with self._storage_errors():
            self._close()
            shutil.rmtree(self._partial)

    def finish(self) -> None:
        """Seal the entry under its final name.

        Raises:
            StorageError: If the place cannot be written.
        """
        with self._storage_errors():
            self.record()
            self._pad()
            files: dict[str, JsonValue] = {
                name: [size, sha256_of(self._partial / name)]
                for name, size in self._state.sizes.items()
            }
            meta: dict[str, JsonValue] = {
                **self._origin,
                "format": FORMAT,
                "rows": self._rows,
                "spec": spec_json(self._spec),
                "files": files,
            }
            write_json(self._partial / META, meta)
            self._close()
            self._partial.rename(self._folder)
            sync_folder(self._folder.parent)
            (self._folder / PROGRESS).unlink(missing_ok=True)

    def _pad(self) -> None:
        """Close files of rows that differ in length with their padding."""
        for layout in self._layouts:
            write_array(self._files[layout.file], layout.padding)
            self._state.sizes[layout.file] += layout.padding.nbytes
            os.fsync(self._files[layout.file])

    def _recovered(self) -> _State:
        """Go back to what was recorded last; start anew where nothing usable was."""
        state = _read_state(self._partial, self._names())
        if state is None:
            return self._anew()
        for name, size in state.sizes.items():
            os.truncate(self._partial / name, size)
        return state

    def _anew(self) -> _State:
        if self._partial.exists():
            shutil.rmtree(self._partial)
        self._partial.mkdir(parents=True)
        return _State(0, dict.fromkeys(self._names(), 0))

    def _names(self) -> list[str]:
        pairs = [(layout.file, layout.offsets_file) for layout in self._layouts]
        return [name for pair in pairs for name in pair if name is not None]

    def _open(self) -> None:
        sizes = dict(self._state.sizes)
        for name in self._names():
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._files[name] = os.open(self._partial / name, flags, 0o644)
        for layout in self._layouts:
            if layout.offsets_file is not None and not sizes[layout.offsets_file]:
                write_array(self._files[layout.offsets_file], _FIRST_OFFSET)
                sizes[layout.offsets_file] = _FIRST_OFFSET.nbytes
        self._state = _State(self.done, sizes, self._state.read)

    def _close(self) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files = {}

    def _pieces(
        self, layout: Layout, columns: Mapping[str, RowArrays]
    ) -> Iterator[tuple[str, Array]]:
        rows = columns[layout.name]
        yield layout.file, layout.numbers(rows)
        if layout.offsets_file is not None:
            end = self._state.sizes[layout.file] // layout.item_bytes
            yield layout.offsets_file, end + np.cumsum(layout.lengths(rows))

    def _require_space(self, row_bytes: float) -> None:
        if self._space_was_seen:
            return
        needed = row_bytes * (self._rows - self.done)
        free = shutil.disk_usage(self._partial).free
        if needed > free:
            reason = f"{size_text(needed)} are needed and {size_text(free)} are free"
            raise StorageError(str(self._folder.parent), reason, "free space or move the store")
        self._space_was_seen = True

    def _storage_errors(self) -> AbstractContextManager[None]:
        remedy = f"mend that and run again, it goes on behind row {self.done}"
        return storage_errors(self._folder.parent, remedy)


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


def _read_state(partial: Path, names: Sequence[str]) -> _State | None:
    """Read what was recorded, if the files still hold it."""
    found = maybe_read_json(partial / PROGRESS) or {}
    sizes = found.get("files")
    if found.get("format") != FORMAT or not isinstance(sizes, dict) or set(sizes) != set(names):
        return None
    if any(_size_of(partial / name) < size for name, size in sizes.items()):
        return None
    return _State(int(str(found["rows"])), sizes, str(found.get("read", "")))


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1
