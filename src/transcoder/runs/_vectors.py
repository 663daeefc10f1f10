"""Two files of vectors as a world: an old space, a new one, and rows that stand in both."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from transcoder.data import open_array
from transcoder.errors import DataError, RecipeError
from transcoder.recipe import RunConfig
from transcoder.registry import Commit, Registry
from transcoder.vocabulary import (
    Column,
    Dataset,
    DatasetType,
    Modality,
    ModalityEntry,
    Spec,
    SplitShares,
)

AUTO = "auto"
"""What stands for a name that is taken from the files."""

_TENSOR = "vector"
_ALL_TRAIN = SplitShares(test=0.0, validation=0.0)


@dataclass(frozen=True, slots=True)
class _Space:
    """One file of vectors.

    Attributes:
        column: `old` or `new`.
        place: The file, and what of it.
        modality: The private latent that its vectors are in.
        rows: How many there are.
        width: How long each is.
    """

    column: str
    place: str
    modality: Modality
    rows: int
    width: int

    @property
    def name(self) -> str:
        """What it is called, without braces."""
        return str(self.modality).strip("{}")

    @property
    def entry(self) -> ModalityEntry:
        """How the latent is registered."""
        return ModalityEntry(
            self.modality, Spec.parse(f"{_TENSOR}: float32[batch, {self.width}]")
        )


def with_names(config: RunConfig) -> RunConfig:
    """Name what a recipe leaves to its files of vectors; other recipes stay as they are.

    Raises:
        RecipeError: If only one file is given, or one name would stand for both spaces.
    """
    if config.old is None and config.new is None:
        return config
    if config.old is None or config.new is None:
        lacking = "old" if config.old is None else "new"
        raise RecipeError(
            config.name, [f"it has no {lacking}=FILE; give old=FILE and new=FILE"]
        )
    asked = config.transcoder
    source = _latent(config.old) if asked.source == AUTO else asked.source
    target = _latent(config.new) if asked.target == AUTO else asked.target
    if source == target:
        fault = (
            f"both spaces would be called {source}; name them, "
            "transcoder.source='{old}' transcoder.target='{new}'"
        )
        raise RecipeError(config.name, [fault])
    plain = [each.strip("{}") for each in (source, target)]
    model = "_to_".join(plain) if asked.model == AUTO else asked.model
    named = replace(asked, model=model, source=source, target=target)
    more = zip((config.old_more, config.new_more), plain, strict=True)
    pools = [*config.data.pools, *(_more_of(name) for file, name in more if file is not None)]
    dataset = "_and_".join(plain) if config.paired else _rows_of(plain[0])
    data = replace(config.data, dataset=dataset, pools=pools)
    return replace(config, transcoder=named, data=data)


def apply_vectors(registry: Registry, config: RunConfig) -> Commit:
    """Register both spaces, and the rows that stand in both or in one, in one transaction.

    Args:
        registry: Where to.
        config: With its names, as `with_names` gives it.

    Raises:
        DataError: If the files are no tables of vectors, of equally many where they are pairs,
            or of other vectors where they are further rows of one space.
        CommitError: If a space of that name is registered with vectors of another length.
    """
    ends = (("old", config.old, config.transcoder.source),
            ("new", config.new, config.transcoder.target))  # fmt: skip
    dataset = str(config.data.dataset)
    old, new = (_space(column, str(place), name, dataset) for column, place, name in ends)
    if config.paired and old.rows != new.rows:
        found = f"{old.place!r} has {old.rows:,} rows and {new.place!r} has {new.rows:,}"
        remedy = "give the same rows, in the same order, in both files, or say paired=false"
        raise DataError(dataset, found, remedy)
    held = [_dataset(dataset, (old, new))] if config.paired else [_alone(old), _alone(new)]
    held += [
        _further(each, place)
        for each, place in ((old, config.old_more), (new, config.new_more))
        if place is not None
    ]
    with registry.transaction(f"vectors {dataset}") as transaction:
        for space in (old, new):
            transaction.put(space.entry)
        for each in held:
            holds = tuple(column.modality for column in each.columns)
            transaction.put(DatasetType(each.type, holds))
            transaction.put(each)
    return transaction.committed or Commit(registry.revision())


def _latent(place: str) -> str:
    stem = Path(place.rpartition(":")[2] if ":" in place else place).stem
    return f"{{{re.sub(r'[^A-Za-z0-9_.-]', '_', stem).lstrip('.-') or 'vectors'}}}"


def _space(column: str, place: str, name: str, dataset: str) -> _Space:
    array = open_array(place, column, dataset)
    if array.ndim != 2 or not array.size or array.dtype.kind != "f":  # noqa: PLR2004  # rows of vectors
        found = f"{place!r} holds {array.dtype} of the shape {array.shape}"
        raise DataError(dataset, found, "give floating numbers, (row, dim), one row at least")
    return _Space(column, place, Modality.parse(name), len(array), array.shape[1])


def _more_of(name: str) -> str:
    return f"more_of_{name}"


def _rows_of(name: str) -> str:
    return f"rows_of_{name}"


def _alone(space: _Space) -> Dataset:
    return _dataset(_rows_of(space.name), (space,))


def _further(space: _Space, place: str) -> Dataset:
    """Find further rows of a space; all of them may be learnt from."""
    name = _more_of(space.name)
    further = _space(space.column, place, str(space.modality), name)
    if further.width != space.width:
        found = (
            f"the vectors of {place!r} have {further.width:,} numbers and those of "
            f"{space.place!r} {space.width:,}"
        )
        raise DataError(name, found, "give vectors of one model in both")
    return replace(_dataset(name, (further,)), shares=_ALL_TRAIN)


def _dataset(name: str, spaces: tuple[_Space, ...]) -> Dataset:
    return Dataset(
        name=name,
        type=f"vectors of {name}",
        loader="arrays",
        options={"files": {each.column: _absolute(each.place) for each in spaces}},
        columns=tuple(Column(each.column, each.modality) for each in spaces),
        group="",
    )


def _absolute(place: str) -> str:
    return str(Path(place).resolve())
