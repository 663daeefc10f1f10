"""From a mapping of a world file to each noun."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, cast

from transcoder.vocabulary import (
    Column,
    Dataset,
    DatasetType,
    Exactness,
    JsonValue,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
    Payload,
    Scorer,
    Scoring,
    SegmentKey,
    SegmentKind,
    Spec,
    SplitShares,
)
from transcoder.world._reading import Raw, Reader

Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment that a world declares.

    Attributes:
        key: Model, source and target; open standard latents are not resolved yet.
        kind: Piece of a network, or transcoder.
        onnx: The file, or None for a transcoder yet to be trained.
        names: From spec names to graph names, where they differ.
        licence: SPDX identifier, or empty.
        origin: Where the file comes from.
    """

    key: SegmentKey
    kind: SegmentKind
    onnx: Path | None
    names: Mapping[str, str]
    licence: str
    origin: str


def modality_type(reader: Reader, name: str, raw: Raw) -> ModalityType:
    """Read `text: {parameters: [L], payload: text, scored_against: [...]}`."""
    where = f"modality type {name!r}"
    reader.check_keys(where, raw, _keys("parameters", "payload", "scored_against"))
    payload = raw.get("payload")
    return ModalityType(
        name,
        tuple(_texts(raw.get("parameters", ()))),
        _member(Payload, payload) if payload is not None else None,
        tuple(_scoring(reader, where, each) for each in _list(raw.get("scored_against", ()))),
    )


def modality(reader: Reader, name: str, raw: Raw) -> ModalityEntry:
    """Read `text_latent@1: {spec: ["hidden: float32[batch, 96]"], founder: EnDe}`."""
    reader.check_keys(f"modality {name!r}", raw, _keys("spec", "founder"))
    spec = raw.get("spec")
    founder = raw.get("founder")
    return ModalityEntry(
        Modality.parse(name),
        Spec.parse(*_texts(spec)) if spec is not None else None,
        str(founder) if founder is not None else None,
    )


def oracle_type(reader: Reader, name: str, raw: Raw) -> OracleType:
    """Read `tokenizer: {source: text<L>, target: tokens<V>}`."""
    reader.check_keys(f"oracle type {name!r}", raw, _keys("source", "target", "exactness"))
    return OracleType(
        name,
        Modality.parse(str(raw["source"])),
        Modality.parse(str(raw["target"])),
        _member(Exactness, raw.get("exactness", "exact")),
    )


def oracle(reader: Reader, name: str, raw: Raw, types: Mapping[str, OracleType]) -> Oracle:
    """Read an oracle; the world's own types say how exact it is."""
    optional = _keys("parameters", "licence")
    required = _keys("type", "source", "target", "entry_point", "version")
    reader.check_keys(f"oracle {name!r}", raw, required | optional)
    kind = str(raw["type"])
    if kind not in types:
        message = f"there is no oracle type {kind!r} in this file"
        raise ValueError(message)
    return Oracle(
        name,
        kind,
        Modality.parse(str(raw["source"])),
        Modality.parse(str(raw["target"])),
        types[kind].exactness,
        str(raw["entry_point"]),
        str(raw["version"]),
        _json(raw.get("parameters", {})),
        str(raw.get("licence", "")),
    )


def dataset_type(name: str, raw: object) -> DatasetType:
    """Read `parallel_text: [text<A>, text<B>]`."""
    return DatasetType(name, tuple(Modality.parse(each) for each in _texts(raw)))


def dataset(reader: Reader, name: str, raw: Raw) -> Dataset:
    """Read a dataset; its local files and folders become absolute."""
    required = _keys("type", "loader", "options", "columns", "group")
    where = f"dataset {name!r}"
    reader.check_keys(where, raw, required | _keys("stratum", "shares", "licence"))
    options = dict(_json(raw["options"]))
    if isinstance(held := options.get("data_files"), Mapping):
        options["data_files"] = {key: str(reader.inside(each)) for key, each in held.items()}
    elif held is not None:
        options["data_files"] = [str(reader.inside(each)) for each in _texts(held)]
    for key in {"data_dir", "folder"} & set(options):
        options[key] = str(reader.inside(options[key], is_folder=True))
    if isinstance(files := options.get("files"), Mapping):
        options["files"] = {key: _rows_inside(reader, str(each)) for key, each in files.items()}
    shares = _json(raw.get("shares", {}))
    reader.check_keys(f"the shares of {where}", shares, _keys(*_fields(SplitShares)))
    stratum = raw.get("stratum")
    columns = _json(raw["columns"])
    return Dataset(
        name,
        str(raw["type"]),
        str(raw["loader"]),
        options,
        tuple(Column(key, Modality.parse(str(each))) for key, each in columns.items()),
        str(raw["group"]),
        str(stratum) if stratum is not None else None,
        SplitShares(**cast("dict[str, float]", dict(shares)))  # type: ignore[arg-type]  # checked against its fields above
        if shares
        else SplitShares(),
        str(raw.get("licence", "")),
    )


def _rows_inside(reader: Reader, place: str) -> str:
    """Find a file of rows, or the part of one that is named behind a colon."""
    file, colon, part = place.rpartition(":")
    if not colon or (reader.path.parent / place).exists():
        return str(reader.inside(place))
    return f"{reader.inside(file)}:{part}"


def segment_file(reader: Reader, model: str, raw: Raw) -> SegmentFile:
    """Read one segment of a model."""
    where = f"model {model!r}"
    known = _keys("source", "target", "onnx", "kind", "names", "licence", "origin")
    reader.check_keys(where, raw, known)
    onnx = raw.get("onnx")
    return SegmentFile(
        SegmentKey(
            model, Modality.parse(str(raw["source"])), Modality.parse(str(raw["target"]))
        ),
        _member(SegmentKind, raw.get("kind", "segment")),
        reader.inside(onnx) if onnx is not None else None,
        {str(key): str(value) for key, value in _json(raw.get("names", {})).items()},
        str(raw.get("licence", "")),
        str(raw.get("origin", "")),
    )


def _scoring(reader: Reader, where: str, raw: object) -> Scoring:
    read = _json(raw)
    reader.check_keys(f"scored_against of {where}", read, _keys("by", "against"))
    return Scoring(_member(Scorer, read["by"]), Modality.parse(str(read["against"])))


def _member(names: type[Member], raw: object) -> Member:
    try:
        return names(str(raw))
    except ValueError as error:
        message = f"{raw!r} is none of {', '.join(sorted(names))}"
        raise ValueError(message) from error


def _list(raw: object) -> Sequence[object]:
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        message = f"{raw!r} is not a list"
        raise TypeError(message)
    return raw


def _keys(*names: str) -> frozenset[str]:
    return frozenset(names)


def _fields(noun: type[SplitShares]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(noun))


def _texts(raw: object) -> list[str]:
    if isinstance(raw, str):
        return [raw]
    if not isinstance(raw, Sequence):
        message = f"{raw!r} is not a list of texts"
        raise TypeError(message)
    return [str(each) for each in raw]


def _json(raw: object) -> Mapping[str, JsonValue]:
    if not isinstance(raw, Mapping):
        message = f"{raw!r} is not a mapping"
        raise TypeError(message)
    return cast("Mapping[str, JsonValue]", raw)
