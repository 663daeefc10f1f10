"""Many values into one file, a stretch at a time, aside and then renamed."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, final

import numpy as np

from transcoder.errors import StorageError
from transcoder.files import whole_file
from transcoder.serving._row_sources import Stretch, import_arrow
from transcoder.vocabulary import Array, Tensors

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_NUMPY, _PARQUET = ".npy", ".parquet"


class RowSink(Protocol):
    """Where rows go."""

    def add(self, rows: Stretch) -> None:
        """Write the next rows."""


@contextmanager
def create_rows(place: Path | None, count: int | None) -> Iterator[RowSink]:
    """Make a file of many values, aside, and rename it when all are written.

    Args:
        place: `.npy` or `.parquet` for tensors and arrays of one shape, any other for lines;
            None for standard output.
        count: How many rows there will be; needed for `.npy`.

    Raises:
        StorageError: If it cannot be written, or cannot hold the rows.
    """
    if place is None:
        yield _LineSink(sys.stdout)
        return
    with whole_file(place) as aside, _open_sink(place, aside, count) as sink:
        yield sink


@contextmanager
def _open_sink(place: Path, aside: Path, count: int | None) -> Iterator[RowSink]:
    if place.suffix == _NUMPY:
        if count is None:
            reason = "a .npy file says first how many rows it has"
            remedy = "write .parquet, or read a .npy or .parquet file"
            raise StorageError(str(place), reason, remedy)
        with closing(_NumpySink(place, aside, count)) as array_sink:
            yield array_sink
            array_sink.end()
    elif place.suffix == _PARQUET:
        with closing(_ParquetSink(place, aside)) as table_sink:
            yield table_sink
            table_sink.end()
    else:
        with aside.open("w", encoding="utf-8") as file:
            yield _LineSink(file)


@final
class _LineSink:
    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, rows: Stretch) -> None:
        for row in rows if isinstance(rows, Sequence) else ():
            if not isinstance(row, str | int):
                break
            line = str(row).replace("\n", " ")
            self._file.write(f"{line}\n")
        else:
            if isinstance(rows, Sequence):
                return
        reason = "lines hold texts and labels, not arrays or sound"
        raise StorageError("the output", reason, "write rows with -o out.npy or out.parquet")


@final
class _NumpySink:
    """Writes rows one after the other; a full disk is an error of the write, not a signal."""

    def __init__(self, place: Path, aside: Path, count: int) -> None:
        self._place, self._count = place, count
        self._file = aside.open("wb")
        self._dtype: np.dtype[np.generic] = np.dtype(np.float32)
        self._shape: tuple[int, ...] | None = None

    def add(self, rows: Stretch) -> None:
        part = _as_one_array(rows, self._place)
        if self._shape is None:
            self._begin(part.dtype, part.shape[1:])
        elif part.shape[1:] != self._shape:
            raise _differing(self._place, part.shape[1:], self._shape)
        elif not np.can_cast(part.dtype, self._dtype, "same_kind"):
            reason = f"one row is {self._dtype}, another {part.dtype}"
            raise StorageError(str(self._place), reason, "a file of rows holds one dtype")
        whole = np.ascontiguousarray(part, self._dtype)
        self._file.write(whole.reshape(-1).view(np.uint8).data)

    def end(self) -> None:
        """Give a file without rows its header."""
        if self._shape is None:
            self._begin(self._dtype, ())
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _begin(self, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> None:
        self._dtype, self._shape = dtype, shape
        header = {
            "descr": np.lib.format.dtype_to_descr(dtype),
            "fortran_order": False,
            "shape": (self._count, *shape),
        }
        np.lib.format.write_array_header_1_0(self._file, header)


@final
class _ParquetSink:
    def __init__(self, place: Path, aside: Path) -> None:
        import_arrow()
        self._place, self._aside = place, aside
        self._writer: pq.ParquetWriter | None = None
        self._shape: tuple[int, ...] = ()

    def add(self, rows: Stretch) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if isinstance(rows, list) and rows and isinstance(rows[0], str | int):
            cells, name = pa.array(rows), "value"
        else:
            part = _as_one_array(rows, self._place)
            if self._writer is not None and part.shape[1:] != self._shape:
                raise _differing(self._place, part.shape[1:], self._shape)
            self._shape = part.shape[1:]
            flat = pa.array(part.reshape(-1))
            width = int(np.prod(self._shape, dtype=np.int64))
            name = _name_of(rows)
            cells = pa.FixedSizeListArray.from_arrays(flat, width) if self._shape else flat
        table = pa.table({name: cells})
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._aside, table.schema)
        self._writer.write_table(table)

    def end(self) -> None:
        """Give a file without rows the column that it would have."""
        if self._writer is None:
            self.add({"value": np.zeros((0,), np.float32)})

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _as_one_array(rows: Stretch, place: Path) -> Array:
    """Put rows into one array, (row, ...)."""
    if isinstance(rows, list):
        bare = (_only(row, place) if isinstance(row, Mapping) else row for row in rows)
        arrays = [np.asarray(each) for each in bare]
        if any(array.dtype.kind in "OU" for array in arrays):
            reason = "its rows would be text or sound, not numbers"
            raise StorageError(str(place), reason, "write text with -o out.txt")
        shapes = sorted({array.shape for array in arrays})
        if len(shapes) > 1:
            raise _differing(place, *shapes[:2])
        return np.stack(arrays)
    return _only(rows, place)


def _only(tensors: Tensors, place: Path) -> Array:
    if len(tensors) != 1:
        reason = f"each row has the tensors {', '.join(map(repr, tensors))}"
        raise StorageError(str(place), reason, "convert them one by one into .npz files")
    (array,) = tensors.values()
    return array


def _name_of(rows: Stretch) -> str:
    first = rows[0] if isinstance(rows, list) else rows
    return next(iter(first)) if isinstance(first, Mapping) else "value"


def _differing(place: Path, one: tuple[int, ...], other: tuple[int, ...]) -> StorageError:
    reason = f"one row has the shape {one}, another {other}"
    return StorageError(
        str(place), reason, "a file of rows holds one shape; convert one by one"
    )
