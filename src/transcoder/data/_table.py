"""Rows of a dataset: columns of values, and the group of each row."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import DataError, UnknownNameError
from transcoder.vocabulary import (
    Array,
    Dataset,
    JsonValue,
    Split,
    Value,
    Waveform,
    canonical_json,
    digest_of,
    split_of,
)

_SLICE = 4096
_REMEDY = "choose another file, split or revision"


@final
class Table:
    """Columns of equal length.

    Args:
        name: What errors call it: the dataset's name.
        columns: By name; long ones may read their values when asked.
        groups: For each row, the text by which it is split.
        strata: For each row, the text under which its score is also shown.

    Raises:
        DataError: If there are no rows, or columns differ in length.
    """

    def __init__(
        self,
        name: str,
        columns: Mapping[str, Sequence[Value]],
        *,
        groups: Sequence[str],
        strata: Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self.groups = groups
        self.strata = strata
        self._columns = dict(columns)
        self._digests: dict[str, str] = {}
        lengths = {"the groups": len(groups)}
        lengths |= {f"column {each!r}": len(values) for each, values in columns.items()}
        if strata is not None:
            lengths["the strata"] = len(strata)
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{each} has {length} rows" for each, length in lengths.items())
            raise DataError(name, found, "give columns of equal length")
        if not len(groups):
            raise DataError(name, "it has no rows", _REMEDY)

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self._columns)

    def column(self, name: str) -> Sequence[Value]:
        """Find a column.

        Raises:
            UnknownNameError: If there is none of that name.
        """
        if name not in self._columns:
            raise UnknownNameError(f"column of {self.name!r}", name, self._columns)
        return self._columns[name]

    def column_digest(self, name: str) -> str:
        """SHA-256 of the values of one column; read once."""
        if name not in self._digests:
            self._digests[name] = _digest_of_values(self.column(name))
        return self._digests[name]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all values, groups and strata; read once."""
        strata: JsonValue = None if self.strata is None else list(self.strata)
        digests = {name: self.column_digest(name) for name in self._columns}
        return digest_of([digests, list(self.groups), strata])


def rows_of(table: Table, dataset: Dataset) -> dict[Split, NDArray[np.int64]]:
    """Split rows by their groups.

    Args:
        table: The dataset's rows.
        dataset: Says what share of the groups goes where.

    Returns:
        Row numbers in rising order, int64 (row,), for each of the splits.

    Raises:
        DataError: If a split has no rows.
    """
    places = {group: split_of(group, dataset.shares) for group in set(table.groups)}
    numbers: dict[Split, list[int]] = {split: [] for split in Split}
    for number, group in enumerate(table.groups):
        numbers[places[group]].append(number)
    for split, rows in numbers.items():
        if not rows:
            found = f"none of its {len(places)} groups falls into the {split.value} split"
            raise DataError(dataset.name, found, "add rows, or change the dataset's shares")
    return {split: np.array(rows, dtype=np.int64) for split, rows in numbers.items()}


def group_of_content(value: Value) -> str:
    """Name a group by what a row holds, so that rows of equal content never part."""
    digest = sha256()
    for piece in _pieces([value]):
        digest.update(piece)
    return digest.hexdigest()[:32]


def _digest_of_values(values: Sequence[Value]) -> str:
    digest = sha256()
    for start in range(0, len(values), _SLICE):
        for piece in _pieces(values[start : start + _SLICE]):
            digest.update(piece)
    return digest.hexdigest()


def _pieces(values: Sequence[Value]) -> Iterable[bytes]:
    """Bytes that differ where values do."""
    plain = [value for value in values if isinstance(value, str | int)]
    if len(plain) == len(values):
        yield f"{canonical_json(plain)}\n".encode()
        return
    for value in values:
        if isinstance(value, Waveform):
            yield f"{value.rate_hz} Hz\n".encode()
            yield from _array_pieces(value.samples)
        elif isinstance(value, Mapping):
            for name in sorted(value):
                yield f"{name}\n".encode()
                yield from _array_pieces(value[name])
        elif isinstance(value, np.ndarray):
            yield from _array_pieces(value)
        else:
            yield f"{canonical_json(value)}\n".encode()


def _array_pieces(array: Array) -> Iterable[bytes]:
    yield f"{array.dtype.str}{array.shape}\n".encode()
    yield array.tobytes()
