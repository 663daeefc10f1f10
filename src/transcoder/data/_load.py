"""From a registered dataset to its rows."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias, final, overload

from typing_extensions import override

from transcoder.data._arrays import load_arrays
from transcoder.data._columns import LazyColumn, RawColumn, converter, text
from transcoder.data._content import group_of_content
from transcoder.data._folders import load_folder
from transcoder.data._generator import load_generator
from transcoder.data._huggingface import is_on_disk, load_huggingface
from transcoder.data._media import UnfitValueError
from transcoder.data._openml import load_openml
from transcoder.data._skipped import SkippedRows
from transcoder.data._table import Table
from transcoder.errors import DataError, UnknownNameError
from transcoder.vocabulary import Catalog, Dataset, Split, Value

Loader: TypeAlias = Callable[[Dataset, Sequence[str]], Mapping[str, RawColumn]]

_CONTENT = re.compile(r"content\((?P<column>.+)\)")

_SPLITS = {
    "train": Split.TRAIN,
    "validation": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "dev": Split.VALIDATION,
    "test": Split.TEST,
}

_LOADERS: Mapping[str, Loader] = {
    "arrays": load_arrays,
    "folder": load_folder,
    "huggingface": load_huggingface,
    "openml": load_openml,
}


def is_local(dataset: Dataset) -> bool:
    """Whether a dataset's rows lie on this machine, so that reading them asks no network."""
    match dataset.loader:
        case "huggingface":
            return is_on_disk(dataset)
        case "openml":
            return False
        case _:
            return True


def load_table(
    dataset: Dataset, catalog: Catalog, *, max_skipped: int = 0, allow: Sequence[str] = ()
) -> Table:
    """Read a dataset; values of long columns are read when asked for.

    Option `split_column` of any loader: the column that says for each row whether it is for
    train, validation (dev) or test; without it rows are split by the digest of their group.

    Args:
        dataset: What to read.
        catalog: Says what the modalities of its columns are in Python.
        max_skipped: How many rows that cannot be used may be left out.
        allow: Modules whose code may yield rows, for the loader `generator`.

    Raises:
        OracleNotAllowedError: If code that yields its rows may not run.
        DataError: If it cannot be read, has no rows, lacks a column, or holds something else
            than its columns' modalities say.
        UnknownNameError: If there is no such loader or modality.
    """
    loaders: dict[str, Loader] = {**_LOADERS, "generator": partial(load_generator, allow=allow)}
    if dataset.loader not in loaders:
        raise UnknownNameError("loader", dataset.loader, loaders)
    named = [column.name for column in dataset.columns]
    content = _CONTENT.fullmatch(dataset.group)
    group = "" if content else dataset.group
    options = dict(dataset.options)
    splits = str(options.pop("split_column", ""))
    named += [name for name in (group, dataset.stratum, splits) if name]
    source = replace(dataset, options=options)
    raw = loaders[dataset.loader](source, list(dict.fromkeys(named)))
    folder = Path(str(dataset.options.get("folder", "")))
    skipped = SkippedRows(dataset.name, max_skipped)
    columns: dict[str, Sequence[Value]] = {
        each.name: LazyColumn(
            each.name,
            raw[each.name],
            converter(catalog, each.modality, folder, dataset.name),
            skipped=skipped,
        )
        for each in dataset.columns
    }
    for column in columns.values():
        column[:1]
    if content:
        groups: Sequence[str] = _contents(dataset, columns, content["column"])
    else:
        groups = _texts(dataset, raw, group) if group else _RowNumbers(_longest(columns))
    strata = _texts(dataset, raw, dataset.stratum) if dataset.stratum else None
    return Table(
        dataset.name,
        columns,
        groups=groups,
        strata=strata,
        splits=_splits(dataset, raw, splits) if splits else None,
        skipped=skipped,
    )


def _splits(dataset: Dataset, raw: Mapping[str, RawColumn], name: str) -> list[Split]:
    """Read which split each row is of, where the dataset says it itself."""
    found: list[Split] = []
    for row, told in enumerate(_texts(dataset, raw, name)):
        if told.lower() not in _SPLITS:
            reason = f"column {name!r} holds {told!r} at row {row}, which is no split"
            known = ", ".join(map(repr, _SPLITS))
            raise DataError(dataset.name, reason, f"write one of {known}")
        found.append(_SPLITS[told.lower()])
    return found


def _contents(dataset: Dataset, columns: Mapping[str, Sequence[Value]], name: str) -> list[str]:
    """Rows of equal content are one group."""
    if name not in columns:
        found = f"it is grouped by the content of {name!r}, none of its columns"
        raise DataError(dataset.name, found, f"name one of {', '.join(map(repr, columns))}")
    return [group_of_content(value) for value in columns[name]]


@final
class _RowNumbers(Sequence[str]):
    """Each row is a group of its own; none is held in memory."""

    def __init__(self, count: int) -> None:
        self._numbers = range(count)

    @override
    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    @override
    def __getitem__(self, index: int | slice) -> str | list[str]:
        found = self._numbers[index]
        return str(found) if isinstance(found, int) else [str(number) for number in found]


def _longest(columns: Mapping[str, Sequence[Value]]) -> int:
    return max((len(column) for column in columns.values()), default=0)


def _texts(dataset: Dataset, raw: Mapping[str, RawColumn], name: str) -> list[str]:
    column = raw[name]
    found: list[str] = []
    for row, value in enumerate(column.read(0, len(column))):
        try:
            found.append(str(value) if isinstance(value, float | bool) else text(value))
        except UnfitValueError as error:
            reason = f"column {name!r} holds {error} at row {row}"
            remedy = "correct that row, or name another column for groups and strata"
            raise DataError(dataset.name, reason, remedy) from error
    return found
