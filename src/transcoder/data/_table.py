"""Rows of a dataset: columns of values, and the group of each row."""

from collections.abc import Collection, Mapping, Sequence
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
        splits: For each row its split, where the dataset says that itself.
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
        splits: Sequence[Split] | None = None,
        skipped: SkippedRows | None = None,
    ) -> None:
        self.name = name
        self.skipped = SkippedRows(name) if skipped is None else skipped
        self.groups = groups
        self.strata = strata
        self.splits = splits
        self._columns = dict(columns)
        self._digests: dict[str, str] = {}
        lengths = {"the groups": len(groups)}
        lengths |= {f"column {each!r}": len(values) for each, values in columns.items()}
        if strata is not None:
            lengths["the strata"] = len(strata)
        if splits is not None:
            lengths["the splits"] = len(splits)
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
        splits = None if self.splits is None else [self.splits[row] for row in rows]
        return Table(
            self.name, columns, groups=groups, strata=strata, splits=splits, skipped=skipped
        )

    def column_digest(self, name: str) -> str:
        """SHA-256 of the values of one column; read once."""
        if name not in self._digests:
            reader = WindowReader(self.column(name), len(self), batch_size=_SLICE)
            self._digests[name] = reader.skip_to(len(self))
        return self._digests[name]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all values, groups, strata and splits; read once."""
        strata: JsonValue = None if self.strata is None else list(self.strata)
        digests = {name: self.column_digest(name) for name in self._columns}
        told: list[JsonValue] = [digests, list(self.groups), strata]
        return digest_of(told if self.splits is None else [*told, list(self.splits)])


def rows_of(
    table: Table, dataset: Dataset, *, needed: Collection[Split] = frozenset(Split)
) -> dict[Split, NDArray[np.int64]]:
    """Split rows as the dataset itself says, or else by their groups.

    Args:
        table: The dataset's rows.
        dataset: Says what share of the groups goes where.
        needed: Splits that must have rows.

    Returns:
        Row numbers in rising order, int64 (row,), for each of the splits.

    Raises:
        DataError: If a split that is needed has no rows, or a group stands in two.
    """
    numbers: dict[Split, list[int]] = {split: [] for split in Split}
    if table.splits is None:
        remedy = "add rows, or change the dataset's shares"
        places = {group: split_of(group, dataset.shares) for group in set(table.groups)}
        for number, group in enumerate(table.groups):
            numbers[places[group]].append(number)
    else:
        remedy = "add rows of that split to the dataset's own"
        places = _told_places(table, table.splits)
        for number, split in enumerate(table.splits):
            numbers[split].append(number)
    for split, rows in numbers.items():
        if not rows and split in needed:
            found = f"none of its {len(places)} groups falls into the {split.value} split"
            raise DataError(dataset.name, found, remedy)
    return {split: np.array(rows, dtype=np.int64) for split, rows in numbers.items()}


def _told_places(table: Table, splits: Sequence[Split]) -> dict[str, Split]:
    """See that no group stands in two splits."""
    first: dict[str, int] = {}
    for number, group in enumerate(table.groups):
        other = first.setdefault(group, number)
        if splits[other] is not splits[number]:
            found = (
                f"the group {group!r} stands in two of its splits, in {splits[other].value} at "
                f"row {other} and in {splits[number].value} at row {number}"
            )
            remedy = "put it into one, or leave split_column out and let groups be split"
            raise DataError(table.name, found, remedy)
    return {group: splits[number] for group, number in first.items()}


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
        if not len(each) and len(rows[split]):
            found = f"no row of the {split.value} split can be used: {table.skipped.summary}"
            raise DataError(table.name, found, "correct these rows")
    return kept
