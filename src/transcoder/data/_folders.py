"""Datasets of files in folders: one row for each name, one column for each kind of file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from transcoder.data._columns import RawColumn
from transcoder.errors import DataError
from transcoder.vocabulary import Array, Dataset

_OPTIONS = frozenset({"folder", "endings"})
_NAME, _PARENT = "name", "parent"


def load_folder(dataset: Dataset, names: Sequence[str]) -> dict[str, RawColumn]:
    """Read rows from files that are called alike: `7.wav` beside `7.txt`.

    Options: `folder`, and `endings`, from a column's name to the ending of its files (`.wav`,
    `.txt`, `.png`), below the folder at any depth. Two columns come by themselves: `name`, a
    row's place below the folder without ending, and `parent`, the name of the folder that it
    is in, as a label or speaker often stands there. Rows are in the order of `name`.

    Args:
        dataset: What to read.
        names: The columns that are wanted.

    Raises:
        DataError: If the folder or a file of a row is not there, or a column has no ending.
    """
    folder, endings = _options(dataset)
    for name in names:
        if name not in {*endings, _NAME, _PARENT}:
            found = f"column {name!r} has no ending, only {sorted(endings)} have"
            raise DataError(dataset.name, found, "name the ending of its files in 'endings'")
    held = {
        name: {
            file.relative_to(folder).as_posix().removesuffix(ending): file
            for file in folder.rglob(f"*{ending}")
        }
        for name, ending in endings.items()
    }
    rows = sorted(set().union(*held.values()))
    for name, files in held.items():
        missing = [row for row in rows if row not in files]
        if missing:
            file = str(folder / f"{missing[0]}{endings[name]}")
            found = f"{len(missing)} rows have no file for column {name!r}, such as {file!r}"
            raise DataError(dataset.name, found, "make them, or take the others away")
    if not rows:
        found = f"no file below {str(folder)!r} ends in {' or '.join(endings.values())}"
        raise DataError(dataset.name, found, "correct 'folder' or 'endings'")
    columns: dict[str, Sequence[object]] = {
        name: [held[name][row] for row in rows] for name in endings
    }
    columns[_NAME] = rows
    columns[_PARENT] = [(folder / row).parent.name for row in rows]
    return {name: _Files(columns[name]) for name in names}


@final
class _Files:
    """Names of files, which are read when they are made values."""

    def __init__(self, rows: Sequence[object]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, start: int, stop: int) -> Sequence[object]:
        return self._rows[start:stop]

    def block(self, _start: int, _stop: int) -> Array | None:
        return None


def _options(dataset: Dataset) -> tuple[Path, dict[str, str]]:
    endings = dataset.options.get("endings")
    if set(dataset.options) != _OPTIONS or not isinstance(endings, Mapping) or not endings:
        found = f"its options are {sorted(dataset.options)}"
        wanted = "give 'folder', and 'endings' from each column's name to that of its files"
        raise DataError(dataset.name, found, wanted)
    folder = Path(str(dataset.options["folder"]))
    if not folder.is_dir():
        raise DataError(
            dataset.name, f"there is no folder {str(folder)!r}", "make it, or correct 'folder'"
        )
    return folder, {str(name): str(ending) for name, ending in endings.items()}
