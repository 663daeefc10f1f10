"""One entry of a latent store while it is being computed."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self, final

import numpy as np

from transcoder.data._files import (
    Hash,
    digest_of_file,
    maybe_read_json,
    require_space,
    storage_errors,
    sync_folder,
    write_array,
    write_json,
)
from transcoder.data._layout import Layout, RowArrays, layouts_of
from transcoder.data._loss import Loss, losses_json, losses_of, shortened
from transcoder.data._stored import FORMAT, META, skipped_json, skipped_of, spec_json
from transcoder.errors import StorageError
from transcoder.vocabulary import Array, JsonValue, Spec

PROGRESS = "progress.json"
SHARDS = "shards"
_RECORD_EVERY_S = 0.5
_FIRST_OFFSET = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _State:
    """What is written.

    Attributes:
        rows: How many rows.
        sizes: How long the files are with them.
        read: Digest of the values that they were computed from.
        skipped: Those of them that could not be used, and why.
        losses: What the numbers of tensors that are shorter on disk have lost.
    """

    rows: int
    sizes: dict[str, int]
    read: str = ""
    skipped: Mapping[int, str] = field(default_factory=dict)
    losses: Mapping[str, Loss] = field(default_factory=dict)


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
        storage_dtype: Of float32 and float64 on disk, where it is to be another.

    Raises:
        StorageError: If the place cannot be written.
    """

    def __init__(  # what an entry is told by
        self,
        folder: Path,
        *,
        spec: Spec,
        rows: int,
        route: str,
        edges: Sequence[str] = (),
        storage_dtype: str | None = None,
    ) -> None:
        self._folder = folder
        self._partial = folder.with_name(f"{folder.name}.partial")
        self._spec = spec
        self._rows = rows
        self._origin: dict[str, JsonValue] = {"route": route, "edges": list(edges)}
        self._storage_dtype = storage_dtype
        self._layouts = layouts_of(spec, str(folder.parent), storage_dtype=storage_dtype)
        self._files: dict[str, int] = {}
        self._digests: dict[str, Hash] = {}
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
            self._require_space(self._least_row_bytes())
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

    @property
    def skipped(self) -> Mapping[int, str]:
        """Rows that could not be used, and why, as `append` was told."""
        return self._state.skipped

    def append(
        self,
        columns: Mapping[str, RowArrays],
        *,
        read: str = "",
        skipped: Mapping[int, str] | None = None,
    ) -> None:
        """Add rows.

        Args:
            columns: For each tensor of the spec its array of each row, without batch axis.
            read: Digest of the values that all rows up to these were computed from.
            skipped: Those of these rows that could not be used, and why; they hold blanks.

        Raises:
            StorageError: If the disk is full, or is too small for all that is still to come.
        """
        losses = dict(self._state.losses)
        pieces = [
            piece for layout in self._layouts for piece in self._pieces(layout, columns, losses)
        ]
        count = len(next(iter(columns.values())))
        left_out = {**self.skipped, **(skipped or {})}
        with self._storage_errors():
            if not self._space_was_seen:
                self._require_space(sum(content.nbytes for _, content in pieces) / count)
                self._space_was_seen = True
            sizes = dict(self._state.sizes)
            for name, content in pieces:
                self._write(name, content)
                sizes[name] += content.nbytes
            self._state = _State(self.done + count, sizes, read, left_out, losses)
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
            "skipped": skipped_json(self.skipped),
            "losses": losses_json(self._state.losses),
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
                name: [size, self._digests[name].hexdigest()]
                for name, size in self._state.sizes.items()
            }
            meta: dict[str, JsonValue] = {
                **self._origin,
                "format": FORMAT,
                "rows": self._rows,
                "spec": spec_json(self._spec),
                "skipped": skipped_json(self.skipped),
                "storage_dtype": self._storage_dtype,
                "losses": losses_json(self._state.losses),
                "files": files,
            }
            write_json(self._partial / META, meta)
            self._close()
            shutil.rmtree(self._partial / SHARDS, ignore_errors=True)
            self._partial.rename(self._folder)
            sync_folder(self._folder.parent)
            (self._folder / PROGRESS).unlink(missing_ok=True)

    def _pad(self) -> None:
        """Close files of rows that differ in length with their padding."""
        for layout in self._layouts:
            self._write(layout.file, layout.padding)
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
            self._digests[name] = digest_of_file(self._partial / name)
        for layout in self._layouts:
            if layout.offsets_file is not None and not sizes[layout.offsets_file]:
                self._write(layout.offsets_file, _FIRST_OFFSET)
                sizes[layout.offsets_file] = _FIRST_OFFSET.nbytes
        self._state = replace(self._state, sizes=sizes)

    def _write(self, name: str, content: Array) -> None:
        """Write and digest what is written, so that nothing has to be read again."""
        write_array(self._files[name], content)
        if content.size:
            self._digests[name].update(content.reshape(-1).view(np.uint8).data)

    def _close(self) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files = {}

    def _pieces(
        self, layout: Layout, columns: Mapping[str, RowArrays], losses: dict[str, Loss]
    ) -> Iterator[tuple[str, Array]]:
        rows = columns[layout.name]
        numbers = layout.numbers(rows)
        if layout.is_shortened:
            exact, place = numbers, str(self._folder.parent)
            numbers = shortened(exact, layout.stored, layout.name, place)
            losses[layout.name] = losses.get(layout.name, Loss()).after(exact, numbers)
        yield layout.file, numbers
        if layout.offsets_file is not None:
            end = self._state.sizes[layout.file] // layout.item_bytes
            yield layout.offsets_file, end + np.cumsum(layout.lengths(rows))

    def _least_row_bytes(self) -> int:
        """What a row takes whatever its length."""
        return sum(
            layout.item_bytes if layout.free is None else _FIRST_OFFSET.nbytes
            for layout in self._layouts
        )

    def _require_space(self, row_bytes: float) -> None:
        require_space(self._folder.parent, row_bytes * (self._rows - self.done))

    def _storage_errors(self) -> AbstractContextManager[None]:
        remedy = f"mend that and run again, it goes on behind row {self.done}"
        return storage_errors(self._folder.parent, remedy)


def _read_state(partial: Path, names: Sequence[str]) -> _State | None:
    """Read what was recorded, if the files still hold it."""
    found = maybe_read_json(partial / PROGRESS) or {}
    sizes = found.get("files")
    if found.get("format") != FORMAT or not isinstance(sizes, dict) or set(sizes) != set(names):
        return None
    if any(_size_of(partial / name) < size for name, size in sizes.items()):
        return None
    return _State(
        int(str(found["rows"])),
        sizes,
        str(found.get("read", "")),
        skipped_of(found),
        losses_of(found),
    )


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1
