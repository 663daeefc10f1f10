"""Datasets of numpy files, memory-mapped: one array, or one member of an archive, a column."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import final

import numpy as np

from transcoder.data._columns import RawColumn
from transcoder.errors import DataError
from transcoder.vocabulary import Array, Dataset

_LOCAL_HEADER_BYTES = 30  # of a zip member, before its name and extra field


def load_arrays(dataset: Dataset, names: Sequence[str]) -> dict[str, RawColumn]:
    """Read columns from `.npy` and `.npz` files.

    Option `files`: from a column's name to its file. In a `.npz` file the column is the member
    of that name, or the only one.

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
    return {name: _ArrayColumn(_read(dataset, name, Path(str(files[name])))) for name in names}


@final
class _ArrayColumn:
    """Rows along the first axis."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def read(self, start: int, stop: int) -> Sequence[object]:
        return list(np.asarray(self._array[start:stop]))


def _read(dataset: Dataset, name: str, path: Path) -> Array:
    if not path.exists():
        found = f"there is no file {str(path)!r} for column {name!r}"
        raise DataError(dataset.name, found, "make it, or correct 'files'")
    try:
        array = _member(path, name) if zipfile.is_zipfile(path) else _mapped(path)
    except (OSError, ValueError, KeyError) as error:
        told = " ".join(str(error).split())
        found = f"the file {str(path)!r} cannot be read as numbers ({told})"
        raise DataError(
            dataset.name, found, "save it again with numpy.save, without objects"
        ) from error
    if array.ndim == 0:
        found = f"the file {str(path)!r} holds one number, no rows"
        raise DataError(dataset.name, found, "save an array whose first axis are the rows")
    return array


def _mapped(path: Path) -> Array:
    array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _member(path: Path, name: str) -> Array:
    """Map a member that is not compressed; read one that is."""
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        chosen = f"{name}.npy" if len(members) > 1 else members[0]
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
