"""Datasets of the Hugging Face library: local csv, json and parquet files, or the hub."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from transcoder.data._arrow import ArrowColumn
from transcoder.data._columns import RawColumn
from transcoder.errors import DataError, MissingExtraError
from transcoder.vocabulary import Dataset, JsonValue

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

_OPTIONS = frozenset(
    {
        "path", "name", "data_files", "data_dir", "split", "revision", "cache_dir", "folder",
        "rows",
    }
)  # fmt: skip
_FORMATS = frozenset({"arrow", "audiofolder", "csv", "imagefolder", "json", "parquet", "text"})
"""What files may be; any other path is a folder or a name on the hub."""
_SPLIT = "split"
_PICKLED = "pandas"
_NO_ROWS = ("corresponds to no data", "BatchSize must be greater than 0")


def load_huggingface(dataset: Dataset, names: Sequence[str]) -> dict[str, RawColumn]:
    """Read columns through `datasets.load_dataset`.

    Options: `path` (csv, json, parquet, imagefolder or a name on the hub), `name`,
    `data_files` or `data_dir`, `split` ("train" if not given), `revision`, `cache_dir` (a
    folder of the user's own if not given), `folder` (where relative names of sound files begin)
    and `rows` (so many are streamed from the start without fetching the rest, and held in
    memory: for datasets that are too large to keep). Where `split` is a list, the rows of all
    come one after the other, and the column `split` says of which each is.

    All columns of a csv file are read as text, as they stand there: no `007` becomes 7 and no
    word `null` vanishes.

    Args:
        dataset: What to read.
        names: The columns that are wanted.

    Raises:
        DataError: If it cannot be read, has no rows, or lacks a column.
    """
    _check_options(dataset)
    splits = dataset.options.get("split", "train")
    if isinstance(splits, str):
        return {name: ArrowColumn(each) for name, each in _one(dataset, names).items()}
    return _joined(dataset, names, [str(each) for each in _listed(splits)])


def is_on_disk(dataset: Dataset) -> bool:
    """Whether files or a folder are named, and neither an address nor a dataset of the hub."""
    path = str(dataset.options.get("path"))
    files = dataset.options.get("data_files") or dataset.options.get("data_dir")
    return Path(path).exists() or (path in _FORMATS and "://" not in str(files))


def _one(dataset: Dataset, names: Sequence[str]) -> dict[str, "pa.ChunkedArray"]:
    """Read the columns of one split."""
    if dataset.options["path"] == "csv":
        for file in _local_files(dataset.options.get("data_files")):
            _require_columns(dataset, names, _csv_columns(Path(file), names))
    loaded = _loaded(dataset, names)
    _require_columns(dataset, names, loaded.column_names)
    if not len(loaded):
        raise _no_rows(dataset)
    return {name: loaded.data.column(name) for name in names}


def _joined(
    dataset: Dataset, names: Sequence[str], splits: Sequence[str]
) -> dict[str, RawColumn]:
    """Put the rows of several splits one after the other, with the column that tells them."""
    import pyarrow as pa

    wanted = [name for name in names if name != _SPLIT]
    parts = [
        _one(replace(dataset, options={**dataset.options, "split": split}), wanted)
        for split in splits
    ]
    joined: dict[str, RawColumn] = {
        name: ArrowColumn(
            pa.chunked_array([chunk for part in parts for chunk in part[name].chunks])
        )
        for name in wanted
    }
    told = [
        pa.array([split.partition("[")[0]] * len(part[wanted[0]]))
        for split, part in zip(splits, parts, strict=True)
    ]
    return joined | {_SPLIT: ArrowColumn(pa.chunked_array(told))}


def _check_options(dataset: Dataset) -> None:
    unknown = sorted(set(dataset.options) - _OPTIONS)
    if unknown or "path" not in dataset.options:
        found = f"its options are {sorted(dataset.options)}"
        wanted = f"give 'path' and, as needed, {sorted(_OPTIONS - {'path'})}"
        raise DataError(dataset.name, found, wanted)
    if dataset.options["path"] == _PICKLED:
        found = f"its path {_PICKLED!r} reads pickled files, which may run any code"
        raise DataError(dataset.name, found, "save its rows as parquet, csv or json")
    for file in _local_files(dataset.options.get("data_files")):
        if not Path(file).exists():
            raise _no_file(dataset, file)


def _listed(found: JsonValue) -> Sequence[JsonValue]:
    return list(found) if isinstance(found, Sequence) else []


def _local_files(files: JsonValue) -> Iterator[str]:
    """Names of files that must be there: no addresses and no patterns."""
    if isinstance(files, str):
        if "://" not in files and not set(files) & set("*?["):
            yield files
    elif isinstance(files, Mapping):
        for each in files.values():
            yield from _local_files(each)
    elif isinstance(files, Sequence):
        for each in files:
            yield from _local_files(each)


def _loaded(dataset: Dataset, names: Sequence[str]) -> "datasets.Dataset":
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("the loader 'huggingface'", "datasets", "train") from error
    reading: dict[str, object] = {}
    if dataset.options["path"] == "csv":
        kept = datasets.Features({name: datasets.Value("string") for name in names})
        reading = {"features": kept, "keep_default_na": False}
    try:
        return _read(dataset, names, reading)
    except datasets.exceptions.DatasetGenerationError as error:
        raise _failed(dataset, error.__cause__ or error) from error
    except ConnectionError as error:
        found_text = (
            f"the network cannot be reached and {dataset.options['path']!r} is not here"
        )
        remedy = "run once with a network so that it is kept, or give local files in data_files"
        raise DataError(dataset.name, found_text, remedy) from error
    except FileNotFoundError as error:
        raise _no_file(dataset, " ".join(str(error).split())) from error
    except Exception as error:
        raise _failed(dataset, error) from error


def _read(
    dataset: Dataset, names: Sequence[str], reading: Mapping[str, object]
) -> "datasets.Dataset":
    import datasets

    options = dict(dataset.options)
    options.pop("folder", None)
    rows = options.pop("rows", None)
    options.setdefault("split", "train")
    options.setdefault("cache_dir", str(_cache_folder()))
    with _quiet():
        if rows is None:
            return datasets.load_dataset(**options, **reading)
        stream = datasets.load_dataset(**options, **reading, streaming=True)
        kept = [name for name in stream.column_names or names if name in names]
        first = stream.select_columns(kept).decode(enable=False).take(int(str(rows)))
        return datasets.Dataset.from_list(list(first))  # its features would encode sound anew


def _cache_folder() -> Path:
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(user) / "transcoder" / "datasets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's bars and log lines off the terminal; errors come as exceptions."""
    import datasets

    verbosity = datasets.logging.get_verbosity()
    had_bars = not datasets.are_progress_bars_disabled()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.logging.set_verbosity(verbosity)
        if had_bars:
            datasets.enable_progress_bars()


def _csv_columns(file: Path, names: Sequence[str]) -> Sequence[str]:
    """Read the header; a compressed file is left to the library."""
    if file.suffix != ".csv":
        return names
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        return next(csv.reader(lines), [])


def _require_columns(dataset: Dataset, names: Sequence[str], found: Sequence[str]) -> None:
    missing = ", ".join(repr(name) for name in names if name not in found)
    if missing:
        held = ", ".join(map(repr, found)) or "no column at all"
        remedy = "correct the columns where the dataset is registered"
        raise DataError(dataset.name, f"it has no column {missing}, only {held}", remedy)


def _no_rows(dataset: Dataset) -> DataError:
    return DataError(dataset.name, "it has no rows", "choose another file, split or revision")


def _no_file(dataset: Dataset, file: str) -> DataError:
    return DataError(
        dataset.name, f"there is no file {file!r}", "make it, or correct data_files"
    )


def _failed(dataset: Dataset, error: BaseException) -> DataError:
    told = " ".join(str(error).split())
    if any(sign in told for sign in _NO_ROWS):
        return _no_rows(dataset)
    remedy = "correct the files or the options of the dataset"
    if "torchcodec" in told:
        remedy = "read sound in folders by loader 'folder', which needs no torchcodec"
    return DataError(
        dataset.name, f"it cannot be read ({told or type(error).__name__})", remedy
    )
