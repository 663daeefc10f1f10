"""Rows of a dataset: columns of values, and the group of each row."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.data._skipped import SkippedRows
from transcoder.data._windows import WindowReader
from transcoder.errors import DataError, UnknownNameError
from transcoder.vocabulary import Dataset, JsonValue, Split, Value, digest_of, split_of

_SLICE = 512  # values that are read together
_REMEDY = "choose another file, split or revision"


@final
class Table:
    """Columns of equal length.

    Args:
        name: What errors call it: the dataset's name.
        columns: By name; long ones may read their values when asked.
        groups: For each row, the text by which it is split.
        strata: For each row, the text under which its score is also shown.
        skipped: Where rows that cannot be used are noted; none may be where that is not given.

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
        skipped: SkippedRows | None = None,
    ) -> None:
        self.name = name
        self.skipped = SkippedRows(name) if skipped is None else skipped
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

    def subset(self, rows: NDArray[np.int64]) -> "Table":
        """Read some rows into a table of their own; what is known to be unusable stays so."""
        skipped = SkippedRows(self.name, self.skipped.most)
        columns = {
            name: [values[int(row)] for row in rows] for name, values in self._columns.items()
        }
        known = self.skipped.reasons
        skipped.note({new: known[row] for new, row in enumerate(rows.tolist()) if row in known})
        strata = None if self.strata is None else [self.strata[row] for row in rows]
        groups = [self.groups[row] for row in rows]
        return Table(self.name, columns, groups=groups, strata=strata, skipped=skipped)

    def column_digest(self, name: str) -> str:
        """SHA-256 of the values of one column; read once."""
        if name not in self._digests:
            reader = WindowReader(self.column(name), len(self), batch_size=_SLICE)
            self._digests[name] = reader.skip_to(len(self))
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


def usable_rows(
    table: Table, rows: Mapping[Split, NDArray[np.int64]]
) -> dict[Split, NDArray[np.int64]]:
    """Leave out rows that turned out not to be usable.

    Args:
        table: Has noted them.
        rows: Row numbers of each split, (row).

    Raises:
        DataError: If a split has no other rows.
    """
    skipped = np.array(table.skipped.rows, dtype=np.int64)
    kept = {split: each[~np.isin(each, skipped)] for split, each in rows.items()}
    for split, each in kept.items():
        if not len(each):
            found = f"no row of the {split.value} split can be used: {table.skipped.summary}"
            raise DataError(table.name, found, "correct these rows")
    return kept
