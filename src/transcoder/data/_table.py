"""Rows of a dataset: columns of values, and the group of each row."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.data._content import ContentDigest
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
            values, digest = self.column(name), ContentDigest()
            for start in range(0, len(values), _SLICE):
                digest.update(values[start : start + _SLICE])
            self._digests[name] = digest.hexdigest()
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
