"""Datasets of OpenML, by the number of a dataset or of a task."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from transcoder.data._columns import RawColumn
from transcoder.errors import DataError, MissingExtraError
from transcoder.vocabulary import Array, Dataset

if TYPE_CHECKING:
    import openml
    import pandas as pd

_OPTIONS = frozenset({"dataset_id", "task_id", "features", "target"})
_TRIES = 2  # of a request, with a pause of a second or two between them
_FIX_DATA = "choose another dataset, or name that column among the dataset's own columns"


def load_openml(dataset: Dataset, names: Sequence[str]) -> dict[str, RawColumn]:
    """Read columns through the package `openml`, from its cache or else from its server.

    Options: `dataset_id` or `task_id`, the numbers on the site; `features`, how the dataset
    calls the column that holds the feature columns as one vector, float32 (feature); `target`,
    the column that becomes whole numbers, categories by their order (that of the task or of
    the description if not given).

    Features are, in the order of the file, all columns but the target, row numbers, columns
    that the description says to ignore, and those that the dataset names itself; only
    `features` needs them to be numbers. The cache is that of `openml`: `OPENML_CACHE_DIR` or
    what its own settings say.

    Args:
        dataset: What to read.
        names: The columns that are wanted.

    Raises:
        DataError: If it cannot be read, lacks a column, or a column that is wanted has a
            missing value or, for features, something else than numbers.
    """
    _check_options(dataset)
    frame, targets, others = _fetched(dataset)
    features = dataset.options.get("features")
    held = [str(name) for name in frame.columns]
    if features in held:
        found = f"option 'features' is {features!r}, which is a column of the data"
        raise DataError(dataset.name, found, "give the vector a name of its own")
    _require_columns(dataset, [name for name in (*names, *targets) if name != features], held)
    columns: dict[str, RawColumn] = {}
    for name in names:
        if name == features:
            apart = {*targets, *others, *names}
            chosen = [each for each in held if each not in apart]
            columns[name] = _Rows(_vectors(dataset, frame, chosen))
        elif name in targets:
            columns[name] = _Rows(_labels(dataset, frame[name]))
        else:
            columns[name] = _Rows(_plain(dataset, frame[name]))
    return columns


@final
class _Rows:
    """Rows in memory."""

    def __init__(self, rows: Sequence[object] | NDArray[np.float32]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, start: int, stop: int) -> Sequence[object]:
        return list(self._rows[start:stop])

    def block(self, start: int, stop: int) -> Array | None:
        return self._rows[start:stop] if isinstance(self._rows, np.ndarray) else None


def _check_options(dataset: Dataset) -> None:
    options = dataset.options
    numbers = [options[each] for each in ("dataset_id", "task_id") if each in options]
    texts = [options[each] for each in ("features", "target") if each in options]
    is_good = len(numbers) == 1 and type(numbers[0]) is int
    if set(options) - _OPTIONS or not is_good or not all(isinstance(t, str) for t in texts):
        shown = ", ".join(f"{key}={options[key]!r}" for key in sorted(options))
        wanted = (
            "give a number, either 'dataset_id' or 'task_id', and as needed 'features' and "
            "'target'"
        )
        raise DataError(dataset.name, f"its options are {shown or 'none'}", wanted)


def _fetched(dataset: Dataset) -> tuple["pd.DataFrame", list[str], list[str]]:
    """Give all columns, the names of the targets, and of those that are no features."""
    try:
        import openml
        import requests
        import urllib3
    except ImportError as error:
        raise MissingExtraError("the loader 'openml'", "openml", "train") from error
    try:
        with _quiet():
            described, target = _described(dataset)
            frame, _, _, _ = described.get_data(
                include_row_id=True, include_ignore_attribute=True
            )
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _unreachable(dataset) from error
    except openml.exceptions.OpenMLServerError as error:
        found = f"the server does not give {_thing(dataset)} ({_told(error)})"
        remedy = "correct the number in its options, or try again later"
        raise DataError(dataset.name, found, remedy) from error
    except Exception as error:
        remedy = "check its options, or delete what the cache of openml holds and fetch it anew"
        raise DataError(
            dataset.name, f"{_thing(dataset)} cannot be read ({_told(error)})", remedy
        ) from error
    chosen = dataset.options.get("target")
    targets = [chosen] if isinstance(chosen, str) else _listed(target)
    others = _listed(described.row_id_attribute) + _listed(described.ignore_attribute)
    return frame, targets, others


def _described(dataset: Dataset) -> tuple["openml.OpenMLDataset", object]:
    """Find the description and the target's name; rows are fetched later.

    Were rows asked for here, a file that cannot be fetched would make openml delete all that
    its cache has of the dataset.
    """
    import openml

    if "task_id" not in dataset.options:
        number = int(str(dataset.options["dataset_id"]))
        found = openml.datasets.get_dataset(number, download_data=False)
        return found, found.default_target_attribute
    task = openml.tasks.get_task(int(str(dataset.options["task_id"])), download_splits=False)
    found = openml.datasets.get_dataset(task.dataset_id, download_data=False)
    return found, getattr(task, "target_name", None) or found.default_target_attribute


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library off the terminal, and from trying for minutes."""
    import openml

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # openml logs at the root, too
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with openml.config.overwrite_config_context({"connection_n_retries": _TRIES}):
                yield
    finally:
        logging.disable(before)


def _vectors(
    dataset: Dataset, frame: "pd.DataFrame", chosen: Sequence[str]
) -> NDArray[np.float32]:
    """Put feature columns side by side, float32 (row, feature)."""
    from pandas.api.types import is_numeric_dtype

    if not chosen:
        raise DataError(dataset.name, "no column is left for its features", _FIX_DATA)
    vectors = np.empty((len(frame), len(chosen)), dtype=np.float32)
    for place, name in enumerate(chosen):
        column = frame[name]
        _require_whole(dataset, column)
        if not is_numeric_dtype(column.dtype):
            found = f"its feature column {name!r} holds {column.dtype}, not numbers"
            raise DataError(dataset.name, found, _FIX_DATA)
        with np.errstate(over="ignore"):
            vectors[:, place] = column.to_numpy(dtype=np.float32)
        if not np.isfinite(vectors[:, place]).all():
            row = int(np.argmin(np.isfinite(vectors[:, place])))
            found = f"its feature column {name!r} holds {column.iloc[row]} at row {row}"
            raise DataError(dataset.name, f"{found}, which float32 cannot hold", _FIX_DATA)
    return vectors


def _labels(dataset: Dataset, column: "pd.Series") -> list[object]:
    """Number categories by their order; whole numbers stay what they are."""
    from pandas.api.types import is_numeric_dtype

    _require_whole(dataset, column)
    if column.dtype.name == "category":
        return list(column.cat.codes.astype(int).tolist())
    if is_numeric_dtype(column.dtype) and (column == column.round()).all():
        return list(column.astype(int).tolist())
    found = f"its target {column.name!r} holds neither categories nor whole numbers"
    raise DataError(dataset.name, found, "name another column as 'target'")


def _plain(dataset: Dataset, column: "pd.Series") -> list[object]:
    _require_whole(dataset, column)
    return list(column.tolist())


def _require_whole(dataset: Dataset, column: "pd.Series") -> None:
    missing = np.asarray(column.isna())
    if missing.any():
        row = int(np.argmax(missing))
        found = f"column {column.name!r} has {missing.sum()} missing values, first at row {row}"
        raise DataError(dataset.name, found, "choose a dataset or columns without holes")


def _require_columns(dataset: Dataset, names: Sequence[str], held: Sequence[str]) -> None:
    missing = ", ".join(repr(name) for name in dict.fromkeys(names) if name not in held)
    if missing:
        found = f"{_thing(dataset)} has no column {missing}, only {', '.join(map(repr, held))}"
        remedy = "correct the columns or the options where the dataset is registered"
        raise DataError(dataset.name, found, remedy)


def _unreachable(dataset: Dataset) -> DataError:
    import openml

    place = str(openml.config.get_cache_directory())
    found = (
        f"{openml.config.server} cannot be reached and {_thing(dataset)} is not in {place!r}"
    )
    remedy = "run once with a network so that it is kept, or bring its files to that cache"
    return DataError(dataset.name, found, remedy)


def _thing(dataset: Dataset) -> str:
    options: Mapping[str, object] = dataset.options
    if "task_id" in options:
        return f"task {options['task_id']} of OpenML"
    return f"dataset {options['dataset_id']} of OpenML"


def _told(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _listed(names: object) -> list[str]:
    """Give names that stand in a list, or in one text with commas."""
    if isinstance(names, str):
        return [name.strip() for name in names.split(",")]
    return [str(name) for name in names] if isinstance(names, Sequence) else []
