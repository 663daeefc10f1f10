"""Rows that a Python function yields."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast
from uuid import uuid4

from transcoder.data._arrow import ArrowColumn
from transcoder.data._columns import RawColumn
from transcoder.errors import DataError, MissingExtraError
from transcoder.sessions import load_entry_point
from transcoder.vocabulary import Dataset

_Rows: TypeAlias = Callable[..., Iterator[Mapping[str, object]]]
_OPTIONS = frozenset({"entry_point", "parameters", "folder"})


def load_generator(
    dataset: Dataset, names: Sequence[str], *, allow: Sequence[str]
) -> dict[str, RawColumn]:
    """Read columns from what a function yields, written to disk as it comes.

    Options: `entry_point` ("package.module:function", whose module must be allowed) and
    `parameters` (its keyword arguments). The function is called anew by every run, so that what
    it yields is never stale; its rows are mappings with the same names.

    Args:
        dataset: What to read.
        names: The columns that are wanted.
        allow: Names of modules and packages whose code may run, whatever is inside included.

    Raises:
        OracleNotAllowedError: If the function's module is not allowed.
        DataError: If the function is not there, fails, yields nothing, or lacks a column.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("the loader 'generator'", "datasets", "train") from error
    function, parameters = _function(dataset, allow), _parameters(dataset)
    place = tempfile.mkdtemp(prefix="transcoder-rows-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)

    def rows() -> Iterator[dict[str, object]]:
        for number, row in enumerate(function(**parameters)):
            lacking = [name for name in names if name not in row]
            if lacking:
                found = f"row {number} has no {lacking[0]!r}; it has {sorted(row)}"
                raise DataError(dataset.name, found, "yield every column in every row")
            yield {name: row[name] for name in names}

    try:
        loaded = datasets.Dataset.from_generator(rows, cache_dir=place, fingerprint=uuid4().hex)
    except datasets.exceptions.DatasetGenerationError as error:
        raise _failed(dataset, error.__cause__ or error) from error
    except (TypeError, ValueError) as error:
        raise _failed(dataset, error) from error
    if not len(loaded):
        raise DataError(dataset.name, "its function yields nothing", "yield one row at least")
    return {name: ArrowColumn(loaded.data.column(name)) for name in names}


def _function(dataset: Dataset, allow: Sequence[str]) -> _Rows:
    entry_point = str(dataset.options.get("entry_point", ""))
    module, _, name = entry_point.partition(":")
    unknown = sorted(set(dataset.options) - _OPTIONS)
    if unknown or not module or not name:
        found = f"its options are {sorted(dataset.options)}"
        wanted = "give 'entry_point' as package.module:function, and 'parameters' as needed"
        raise DataError(dataset.name, found, wanted)
    try:
        return cast("_Rows", load_entry_point(entry_point, allow))
    except (ImportError, AttributeError) as error:
        raise DataError(
            dataset.name, f"{entry_point!r} is not there: {error}", "correct it"
        ) from error


def _parameters(dataset: Dataset) -> dict[str, object]:
    given = dataset.options.get("parameters", {})
    if isinstance(given, Mapping):
        return dict(given)
    raise DataError(dataset.name, f"its parameters are {given!r}", "give them by name")


def _failed(dataset: Dataset, error: BaseException) -> Exception:
    if isinstance(error, DataError):
        return error
    told = " ".join(str(error).split()) or type(error).__name__
    return DataError(dataset.name, f"its function fails: {told}", "mend the function")
