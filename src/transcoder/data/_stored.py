"""Stored tensors, open for reading."""

from collections.abc import Mapping
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.data._files import maybe_read_json, sha256_of
from transcoder.data._layout import FixedRows, Layout, RaggedRows, layouts_of
from transcoder.data._loss import losses_of
from transcoder.errors import MalformedNameError, StorageError
from transcoder.vocabulary import Array, JsonValue, Spec, TensorSpec

FORMAT = 2
META = "meta.json"
DAMAGED = "delete that folder, its content will be computed again"
OUTDATED = (
    "run transcoder store rm --unused, its content is computed again when it is asked for"
)


@final
class StoredTensors:
    """The tensors of one modality for every row of a table, mapped from disk.

    Args:
        folder: A finished entry of a store.

    Attributes:
        spec: What carries a row.
        route: What made it, for people.
        skipped: Rows that could not be used and hold blanks, and why.
        losses: By tensor, what its numbers lost where they are shorter on disk.

    Raises:
        StorageError: If the entry is damaged or of another version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._meta = _read_meta(folder)
            self.spec = _spec_of(self._meta)
            self.route = str(self._meta["route"])
            self._rows = int(str(self._meta["rows"]))
            self.skipped = skipped_of(self._meta)
            self.losses = losses_of(self._meta)
            dtype = self._meta.get("storage_dtype")
        except (KeyError, TypeError, ValueError, MalformedNameError) as error:
            raise _no_meta(folder) from error
        self._parts = {
            layout.name: _rows_of(layout, folder, self._rows)
            for layout in layouts_of(
                self.spec, str(folder), storage_dtype=None if dtype is None else str(dtype)
            )
        }

    def __len__(self) -> int:
        return self._rows

    @property
    def size_bytes(self) -> int:
        """Of all files of numbers together."""
        return sum(size for size, _ in _files_of(self._meta).values())

    def take(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Copy rows out as a batch.

        Args:
            rows: Row numbers, int64 (batch,), in any order.

        Returns:
            The tensors of the spec, batch axis first, padded with zeros to the longest row.

        Raises:
            IndexError: If a number is not that of a row.
        """
        if rows.size and not 0 <= rows.min() <= rows.max() < self._rows:
            message = f"rows {rows.min()} to {rows.max()} of {self._rows} were asked for"
            raise IndexError(message)
        return {name: part.take(rows) for name, part in self._parts.items()}

    def all(self) -> dict[str, Array]:
        """Copy all rows out as one batch."""
        return self.take(np.arange(self._rows, dtype=np.int64))

    def array(self, name: str) -> Array:
        """Look at a tensor whose rows have one shape, without a copy; it cannot be written.

        Args:
            name: Of the tensor.

        Returns:
            All rows, (row, ...), mapped from disk.

        Raises:
            KeyError: If there is no such tensor, its rows differ in length, or its numbers are
                shorter on disk.
        """
        part = self._parts[name]
        if name in self.losses:
            message = f"numbers of {name!r} are shorter on disk; take them"
            raise KeyError(message)
        if isinstance(part, RaggedRows):
            message = f"rows of {name!r} differ in length; take them"
            raise KeyError(message)
        return part.array

    def verify(self) -> None:
        """Compare all files with the digests that were taken when they were written.

        Raises:
            StorageError: If a file has changed.
        """
        for name, (_, digest) in _files_of(self._meta).items():
            if sha256_of(self.folder / name) != digest:
                reason = f"the file {name!r} has changed since it was written"
                raise StorageError(str(self.folder), reason, DAMAGED)

    def close(self) -> None:
        """Let go of the files; nothing can be taken any more."""
        self._parts = {}
        self._rows = 0


def _rows_of(layout: Layout, folder: Path, count: int) -> FixedRows | RaggedRows:
    if layout.free is None:
        return FixedRows(layout, folder, count)
    return RaggedRows(layout, folder, count)


def is_outdated(told: Mapping[str, object]) -> bool:
    """Whether an entry says that an earlier version wrote it; no run of this one finds it."""
    version = told.get("format")
    return isinstance(version, int) and version < FORMAT


def spec_json(spec: Spec) -> JsonValue:
    """Write a spec so that any name survives."""
    return [[each.name, each.dtype, list(each.axes)] for each in spec.tensors]


def skipped_json(skipped: Mapping[int, str]) -> JsonValue:
    """Write down which rows could not be used, by why."""
    by_reason: dict[str, list[JsonValue]] = {}
    for row, reason in sorted(skipped.items()):
        by_reason.setdefault(reason, []).append(row)
    return {**by_reason}


def skipped_of(told: Mapping[str, object]) -> dict[int, str]:
    """Read which rows could not be used, and why."""
    by_reason = told.get("skipped")
    if not isinstance(by_reason, dict):
        return {}
    return {int(row): str(reason) for reason, rows in by_reason.items() for row in rows}


def _spec_of(meta: Mapping[str, object]) -> Spec:
    listed = meta["spec"]
    if not isinstance(listed, list):
        return Spec(())
    return Spec(tuple(TensorSpec(name, dtype, tuple(axes)) for name, dtype, axes in listed))


def _files_of(meta: Mapping[str, object]) -> dict[str, tuple[int, str]]:
    files = meta["files"]
    if not isinstance(files, dict):
        return {}
    return {str(name): (int(size), str(digest)) for name, (size, digest) in files.items()}


def _no_meta(folder: Path) -> StorageError:
    return StorageError(str(folder), f"its {META} is missing or damaged", DAMAGED)


def _read_meta(folder: Path) -> dict[str, object]:
    meta = maybe_read_json(folder / META)
    if meta is None:
        raise _no_meta(folder)
    if meta.get("format") != FORMAT:
        reason = f"it has format {meta.get('format')}, this version reads {FORMAT}"
        raise StorageError(str(folder), reason, OUTDATED if is_outdated(meta) else DAMAGED)
    for name, (size, _) in _files_of(meta).items():
        path = folder / name
        found = path.stat().st_size if path.exists() else 0
        if found != size:
            reason = f"the file {name!r} has {found} bytes where {size} were written"
            raise StorageError(str(folder), reason, DAMAGED)
    return meta
