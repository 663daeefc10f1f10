"""A world file: everything that a registry is to know, in one YAML."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

from transcoder.errors import RecipeError
from transcoder.vocabulary import (
    Dataset,
    DatasetType,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
)
from transcoder.world import _nouns
from transcoder.world._nouns import SegmentFile
from transcoder.world._reading import Raw, Reader

_SECTIONS = frozenset(
    {"modality_types", "modalities", "oracle_types", "oracles"}
    | {"dataset_types", "datasets", "models"}
)
Noun = TypeVar("Noun")
Declared: TypeAlias = ModalityType | ModalityEntry | OracleType | Oracle | DatasetType | Dataset


@dataclass(frozen=True, slots=True)
class World:
    """What a world file declares, in the order in which it must be registered.

    Attributes:
        nouns: Types, modalities, oracles and datasets.
        segments: Of all models, founders and others.
    """

    nouns: tuple[Declared, ...]
    segments: tuple[SegmentFile, ...]


def read_world(path: Path) -> World:
    """Read a world file.

    Args:
        path: Of the YAML file; the files that it names lie in its folder or below.

    Raises:
        RecipeError: If it cannot be read; names all of its faults at once.
    """
    reader = Reader(path)
    raw = reader.load()
    reader.check_keys("the world", raw, _SECTIONS)
    oracle_types = _section(reader, raw, "oracle_types", _nouns.oracle_type)
    known_types = {each.name: each for each in oracle_types}

    def oracle(reader: Reader, name: str, body: Raw) -> Oracle:
        return _nouns.oracle(reader, name, body, known_types)

    def dataset_type(_: Reader, name: str, body: object) -> DatasetType:
        return _nouns.dataset_type(name, body)

    nouns: tuple[Declared, ...] = (
        *_section(reader, raw, "modality_types", _nouns.modality_type),
        *_section(reader, raw, "modalities", _nouns.modality),
        *oracle_types,
        *_section(reader, raw, "oracles", oracle),
        *_section(reader, raw, "dataset_types", dataset_type),
        *_section(reader, raw, "datasets", _nouns.dataset),
    )
    segments = _segments(reader, reader.section(raw, "models"))
    if reader.faults:
        raise RecipeError(str(path), reader.faults)
    return World(nouns, segments)


def _section(
    reader: Reader, raw: Raw, section: str, make: Callable[[Reader, str, Raw], Noun]
) -> tuple[Noun, ...]:
    found: list[Noun] = []
    for name, body in reader.section(raw, section).items():
        where = f"{section} {name!r}"
        read = cast("Raw", {} if body is None else body)
        if not isinstance(read, Mapping) and section != "dataset_types":
            reader.faults.append(f"{where} is not a mapping")
            continue
        noun = reader.attempt(where, lambda name=name, read=read: make(reader, str(name), read))  # type: ignore[misc]  # mypy cannot infer lambdas with defaults
        if noun is not None:
            found.append(noun)
    return tuple(found)


def _segments(reader: Reader, models: Raw) -> tuple[SegmentFile, ...]:
    found: list[SegmentFile] = []
    for model, bodies in models.items():
        for body in cast("Sequence[Raw]", bodies if isinstance(bodies, list) else [bodies]):
            where = f"model {model!r}"
            if not isinstance(body, Mapping):
                reader.faults.append(f"{where} is not a list of segments")
                continue
            segment = reader.attempt(
                where,
                lambda model=model, body=body: _nouns.segment_file(reader, str(model), body),  # type: ignore[misc]  # mypy cannot infer lambdas with defaults
            )
            if segment is not None:
                found.append(segment)
    return tuple(found)
