"""Datasets of arrays, mapped where the file allows: a column is a file or a part of one."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import final

import numpy as np

from transcoder.data._columns import RawColumn
from transcoder.errors import DataError, MissingExtraError
from transcoder.vocabulary import Array, Dataset

_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError)  # an archive, or its making
_LOCAL_HEADER_BYTES = 30  # of a zip member, before its name and extra field


def load_arrays(dataset: Dataset, names: Sequence[str]) -> dict[str, RawColumn]:
    """Read columns from `.npy`, `.npz` and `.parquet` files.

    Option `files`: from a column's name to its file, as `open_array` reads it.

    Args:
        dataset: What to read.
        names: The columns that are wanted.

    Raises:
        DataError: If a file cannot be read or a column has no file.
    """
    files = dataset.options.get("files")
    if not isinstance(files, Mapping) or set(dataset.options) != {"files"}:
        found = f"its options are {sorted(dataset.options)}"
        raise DataError(
            dataset.name, found, "give 'files', from each column's name to its file"
        )
    for name in names:
        if name not in files:
            found = f"column {name!r} has no file, only {sorted(files)} have"
            raise DataError(dataset.name, found, "name its file in 'files'")
    return {
        name: _ArrayColumn(open_array(str(files[name]), name, dataset.name)) for name in names
    }


def open_array(place: str, column: str, dataset: str) -> Array:
    """Open a file of rows, without reading what can be mapped.

    Args:
        place: `rows.npy`, `rows.npz` or `rows.parquet`; `rows.npz:name` says which member or
            column of it. Otherwise it is the one that is called as `column`, or the only one.
        column: What it is to be.
        dataset: What errors call the dataset.

    Returns:
        The rows along the first axis.

    Raises:
        DataError: If it cannot be read as numbers.
    """
    path, wanted = _parted(place)
    if not path.exists():
        found = f"there is no file {str(path)!r} for column {column!r}"
        raise DataError(dataset, found, "make it, or correct 'files'")
    try:
        array = _opened(path, wanted or column, is_wanted=bool(wanted))
    except (OSError, ValueError, LookupError, EOFError, *_BROKEN) as error:
        told = " ".join(str(error).split())
        found = f"the file {str(path)!r} cannot be read as numbers ({told})"
        remedy = "save it again with numpy.save, without objects"
        raise DataError(dataset, found, remedy) from error
    if array.ndim == 0:
        found = f"the file {str(path)!r} holds one number, no rows"
        raise DataError(dataset, found, "save an array whose first axis are the rows")
    return array


@final
class _ArrayColumn:
    """Rows along the first axis."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def read(self, start: int, stop: int) -> Sequence[object]:
        return list(np.asarray(self._array[start:stop]))

    def block(self, start: int, stop: int) -> Array:
        return np.asarray(self._array[start:stop])


def _parted(place: str) -> tuple[Path, str]:
    """Part a place into its file and, behind a colon, what is wanted of it."""
    file, colon, wanted = place.rpartition(":")
    return (Path(file), wanted) if colon and not Path(place).exists() else (Path(place), "")


def _opened(path: Path, name: str, *, is_wanted: bool) -> Array:
    if path.suffix == ".parquet":
        return _parquet(path, name, is_wanted=is_wanted)
    if zipfile.is_zipfile(path):
        return _member(path, name, is_wanted=is_wanted)
    if is_wanted:
        message = f"it has no parts, so none that is called {name!r}"
        raise ValueError(message)
    return _mapped(path)


def _parquet(path: Path, name: str, *, is_wanted: bool) -> Array:
    """Read a column of lists of equal length, or of numbers, into memory."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("reading parquet files", "pyarrow", "train") from error
    columns = parquet.read_schema(path).names
    chosen = name if is_wanted or name in columns or len(columns) > 1 else columns[0]
    if chosen not in columns:
        message = f"it has no column {chosen!r}, only {', '.join(map(repr, columns))}"
        raise ValueError(message)
    column = parquet.read_table(path, columns=[chosen]).column(0).combine_chunks()
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
            or pa.types.is_fixed_size_list(column.type)):  # fmt: skip
        numbers: Array = column.to_numpy(zero_copy_only=False)
        return numbers
    flat = column.flatten().to_numpy(zero_copy_only=False)
    if column.null_count or not len(column) or len(flat) % len(column):
        message = f"the lists of column {chosen!r} are not all of one length"
        raise ValueError(message)
    width = len(flat) // len(column)
    if not pa.types.is_fixed_size_list(column.type):
        lengths = pa.compute.list_value_length(column).to_numpy()
        if (lengths != width).any():
            message = f"the lists of column {chosen!r} are not all of one length"
            raise ValueError(message)
    rows: Array = flat.reshape(len(column), width)
    return rows


def _mapped(path: Path) -> Array:
    array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _member(path: Path, name: str, *, is_wanted: bool) -> Array:
    """Map a member that is not compressed; read one that is."""
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        chosen = f"{name}.npy" if is_wanted or len(members) > 1 else members[0]
        info = archive.getinfo(chosen)
        if info.compress_type != zipfile.ZIP_STORED:
            with archive.open(info) as compressed:
                read: Array = np.lib.format.read_array(compressed, allow_pickle=False)
            return read
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER_BYTES)
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(
            header[28:30], "little"
        )
        file.seek(lengths, 1)
        return _mapped_at(path, file)


def _mapped_at(path: Path, file: BufferedReader) -> Array:
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, in_columns, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    mapped: Array = np.memmap(
        path,
        dtype,
        mode="r",
        offset=file.tell(),
        shape=shape,
        order="F" if in_columns else "C",
    )
    return mapped
