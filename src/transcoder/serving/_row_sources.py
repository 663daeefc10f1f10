"""Many values from one file, a stretch at a time, so that memory stays flat."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TypeAlias, final

import numpy as np

from transcoder.errors import MissingExtraError, StorageError
from transcoder.serving._files import fitted, read_value
from transcoder.vocabulary import Array, Payload, Spec, Tensors, Value

if TYPE_CHECKING:
    import pyarrow as pa

Stretch: TypeAlias = Tensors | list[Value]
"""Some rows: the tensors of a spec with the batch axis first, or content."""

_NUMPY, _PARQUET = ".npy", ".parquet"
_TEXT = "utf-8-sig"  # with the mark that some programs write before it, or without


class RowSource(Protocol):
    """Where rows come from."""

    @property
    def count(self) -> int | None:
        """How many there are; None where that is not known before the end."""

    def stretches(self, size: int) -> Iterator[Stretch]:
        """Give the rows in order, at most so many at a time."""


def open_rows(
    place: str, spec: Spec | None, payload: Payload | None, *, column: str | None = None
) -> RowSource:
    """Open a file of many values.

    Args:
        place: `.npy` or `.parquet` for a modality of one tensor, and for arrays; else a file
            of lines, or `-` for standard input: texts, labels, or names of files. Floating
            numbers of another length than the spec's are brought to that.
        spec: What carries the values, if tensors do.
        payload: What they are, if they are content.
        column: Of a Parquet file.

    Raises:
        StorageError: If the file is not there, or cannot hold such values.
    """
    path = Path(place)
    if place != "-" and not path.is_file():
        raise StorageError(
            place, "there is no such file", "give a file of rows, or - for lines"
        )
    if spec is None and payload is not Payload.ARRAY:
        return _Lines(place, payload)
    if spec is not None and len(spec.tensors) != 1:
        reason = f"rows of {str(spec)!r} are more than one array"
        raise StorageError(place, reason, "convert them one by one from .npz files")
    if path.suffix == _NUMPY:
        return _open_numpy(path, spec)
    if path.suffix == _PARQUET:
        return _ParquetRows(path, spec, column)
    remedy = "give a .npy or .parquet file with one row for each value"
    raise StorageError(place, f"{path.suffix or 'no suffix'} is no format of rows", remedy)


@dataclass(frozen=True, slots=True)
class _ArrayRows:
    array: Array
    spec: Spec | None
    count: int | None

    def stretches(self, size: int) -> Iterator[Stretch]:
        for start in range(0, len(self.array), size):
            yield _carried(np.ascontiguousarray(self.array[start : start + size]), self.spec)


def _carried(part: Array, spec: Spec | None) -> Stretch:
    """Give rows as the one tensor of a spec, or as arrays."""
    return list(part) if spec is None else fitted({spec.names[0]: part}, spec)


def _open_numpy(path: Path, spec: Spec | None) -> _ArrayRows:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise StorageError(str(path), str(error), "give a .npy file of rows") from error
    if not array.ndim:
        raise StorageError(str(path), "it holds one number", "give an array with a row axis")
    return _ArrayRows(array, spec, len(array))


@final
class _ParquetRows:
    def __init__(self, path: Path, spec: Spec | None, column: str | None) -> None:
        import_arrow()
        import pyarrow.parquet

        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except (OSError, ValueError) as error:
            raise StorageError(str(path), str(error), "give a Parquet file") from error
        names = self._file.schema_arrow.names
        self._path, self._spec = path, spec
        self._column = column or names[0]
        if self._column not in names:
            listed = ", ".join(map(repr, names))
            reason = f"it has no column {self._column!r}"
            raise StorageError(str(path), reason, f"choose one of {listed} with --column")
        self.count: int | None = self._file.metadata.num_rows

    def stretches(self, size: int) -> Iterator[Stretch]:
        for cells in self._cells(size):
            if cells.null_count:
                reason = f"the column {self._column!r} has empty cells"
                raise StorageError(str(self._path), reason, "drop these rows first")
            yield _carried(_as_array(cells, self._path), self._spec)

    def _cells(self, size: int) -> "Iterator[pa.Array]":
        try:
            for batch in self._file.iter_batches(batch_size=size, columns=[self._column]):
                yield batch.column(0)
        except (OSError, ValueError) as error:
            told = " ".join(str(error).split())
            raise StorageError(str(self._path), told, "get the file again") from error


def _as_array(cells: "pa.Array", path: Path) -> Array:
    from pyarrow import types

    kind = cells.type
    if types.is_list(kind) or types.is_large_list(kind):
        if len(set(cells.value_lengths().to_pylist())) > 1:
            raise StorageError(
                str(path), "its rows differ in length", "give rows of one length"
            )
    elif not types.is_fixed_size_list(kind):
        plain: Array = cells.to_numpy(zero_copy_only=False)
        return plain
    numbers: Array = cells.flatten().to_numpy(zero_copy_only=False)
    return numbers.reshape(len(cells), -1)


@dataclass(frozen=True, slots=True)
class _Lines:
    place: str
    payload: Payload | None
    count: int | None = None

    def stretches(self, size: int) -> Iterator[Stretch]:
        try:
            with self._opened() as file:
                yield from self._parts(file, size)
        except UnicodeDecodeError as error:
            place = "standard input" if self.place == "-" else self.place
            remedy = "give a file of lines in UTF-8"
            raise StorageError(place, "it is not UTF-8 text", remedy) from error

    @contextmanager
    def _opened(self) -> Iterator[IO[str]]:
        if self.place != "-":
            with Path(self.place).open(encoding=_TEXT) as file:
                yield file
            return
        lines = TextIOWrapper(sys.stdin.buffer, encoding=_TEXT)
        try:
            yield lines
        finally:
            lines.detach()

    def _parts(self, file: IO[str], size: int) -> Iterator[Stretch]:
        lines = (line.rstrip("\r\n") for line in file)
        while part := list(islice(lines, size)):
            yield [read_value(line, self.payload) for line in part]


def import_arrow() -> None:
    """Import pyarrow.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError("reading or writing Parquet", "pyarrow", "train") from error
    del pa
