"""Nouns to rows of the tables and back."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from transcoder.errors import MalformedNameError
from transcoder.registry._nouns import Kind, Noun, id_of
from transcoder.vocabulary import (
    Column,
    Dataset,
    DatasetType,
    Exactness,
    Interval,
    JsonValue,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
    Payload,
    Score,
    Scorer,
    Scoring,
    Segment,
    SegmentKey,
    SegmentKind,
    Signature,
    Spec,
    SplitShares,
    TensorSpec,
    canonical_json,
)

Row: TypeAlias = dict[str, str | int | None]
"""One row of a table, by column."""

_NO_OBJECT, _NO_LIST = "{}", "[]"

_modality = lru_cache(maxsize=4096)(Modality.parse)


def row_of(noun: Noun) -> Row:
    """Write a noun as a row of its table.

    Raises:
        TypeError: If something in it has no JSON form.
        ValueError: If a number in it is not finite.
    """
    return _WRITERS[type(noun)](noun)


def noun_of(kind: Kind, row: Mapping[str, str]) -> Noun:
    """Read a noun from a row of its table."""
    return _READERS[kind](row)


def as_stored(noun: Noun) -> Noun:
    """Give the noun that would be read back, with JSON values in their plain form.

    Raises:
        TypeError: If something in it has no JSON form.
        ValueError: If a number in it is not finite.
        MalformedNameError: If a name in it could not be read again.
    """
    if isinstance(noun, ModalityType) and Modality.parse(noun.name) != Modality(noun.name):
        raise MalformedNameError("name of a modality type", noun.name, "text")
    return noun_of(id_of(noun).kind, _read(row_of(noun)))


def row_of_segment(segment: Segment) -> tuple[str | int | None, ...]:
    """Write one version of a segment as a row, in the order in which segments are selected.

    Raises:
        TypeError: If something in it has no JSON form.
        ValueError: If a number in it is not finite.
    """
    key = segment.key
    return (
        key.model,
        str(key.source),
        str(key.target),
        segment.version,
        segment.kind.value,
        segment.digest,
        _signature_json(segment.signature) if segment.signature else None,
        _names_json(tuple(segment.names.items())) if segment.names else _NO_OBJECT,
        segment.licence,
        segment.origin,
        _scores_json(segment.scores),
        _object_json(segment.lineage),
        int(segment.is_current),
    )


def segment_of(row: Mapping[str, str]) -> Segment:
    """Read one version of a segment from a row."""
    return Segment(
        key=key_of(row),
        version=int(row["version"]),
        kind=SegmentKind(row["kind"]),
        digest=row["digest"],
        signature=_signature_of(row["signature"]) if row["signature"] else None,
        names=_object_of(row["names"]),
        licence=row["licence"],
        origin=row["origin"],
        scores=_scores_of(row["scores"]),
        lineage=_object_of(row["lineage"]),
        is_current=bool(row["is_current"]),
    )


def key_of(row: Mapping[str, str]) -> SegmentKey:
    """Read of which segment a row is."""
    return SegmentKey(row["model"], _modality(row["source"]), _modality(row["target"]))


def segment_as_stored(
    segment: Segment, key: SegmentKey, digest: str | None, *, is_current: bool
) -> Segment:
    """Give the segment that would be read back as the first version of its key.

    Args:
        segment: As it was asked for.
        key: Its key, with both ends resolved.
        digest: Of its file.
        is_current: Whether paths shall take it.

    Raises:
        TypeError: If something in it has no JSON form.
        ValueError: If a number in it is not finite.
        MalformedNameError: If a name in it could not be read again.
    """
    return Segment(
        SegmentKey(key.model, _as_stored(key.source), _as_stored(key.target)),
        1,
        segment.kind,
        digest,
        _signature_as_stored(segment.signature) if segment.signature else None,
        _names_as_stored(segment.names),
        segment.licence,
        segment.origin,
        _scores_of(_scores_json(segment.scores)),
        _object_of(_object_json(segment.lineage)),
        is_current,
    )


def _read(row: Row) -> Mapping[str, str]:
    """A row as a database hands it out, where readers know the type of each column."""
    return row  # type: ignore[return-value] # a column's type is known by its name


def _modality_type_row(noun: ModalityType) -> Row:
    scorings = [[each.by.value, str(each.against)] for each in noun.scored_against]
    return {
        "name": noun.name,
        "parameters": canonical_json(noun.parameters),
        "payload": noun.payload.value if noun.payload else None,
        "scored_against": canonical_json(scorings),
    }


def _modality_type_of(row: Mapping[str, str]) -> ModalityType:
    scorings = json.loads(row["scored_against"])
    return ModalityType(
        row["name"],
        tuple(json.loads(row["parameters"])),
        Payload(row["payload"]) if row["payload"] else None,
        tuple(Scoring(Scorer(by), _modality(against)) for by, against in scorings),
    )


def _modality_row(noun: ModalityEntry) -> Row:
    spec = [_tensor_json(each) for each in noun.spec.tensors] if noun.spec else None
    return {
        "name": str(noun.modality),
        "spec": canonical_json(spec) if spec else None,
        "founder": noun.founder,
        "space": noun.space,
    }


def _modality_of(row: Mapping[str, str]) -> ModalityEntry:
    spec = Spec(_tensors(json.loads(row["spec"]))) if row["spec"] else None
    return ModalityEntry(_modality(row["name"]), spec, row["founder"], row["space"])


def _oracle_type_row(noun: OracleType) -> Row:
    return {
        "name": noun.name,
        "source": str(noun.source),
        "target": str(noun.target),
        "exactness": noun.exactness.value,
    }


def _oracle_type_of(row: Mapping[str, str]) -> OracleType:
    ends = _modality(row["source"]), _modality(row["target"])
    return OracleType(row["name"], *ends, Exactness(row["exactness"]))


def _oracle_row(noun: Oracle) -> Row:
    return {
        "name": noun.name,
        "type": noun.type,
        "source": str(noun.source),
        "target": str(noun.target),
        "exactness": noun.exactness.value,
        "entry_point": noun.entry_point,
        "version": noun.version,
        "parameters": canonical_json(noun.parameters),
        "licence": noun.licence,
    }


def _oracle_of(row: Mapping[str, str]) -> Oracle:
    return Oracle(
        name=row["name"],
        type=row["type"],
        source=_modality(row["source"]),
        target=_modality(row["target"]),
        exactness=Exactness(row["exactness"]),
        entry_point=row["entry_point"],
        version=row["version"],
        parameters=json.loads(row["parameters"]),
        licence=row["licence"],
    )


def _dataset_type_row(noun: DatasetType) -> Row:
    modalities = [str(each) for each in noun.modalities]
    return {"name": noun.name, "modalities": canonical_json(modalities)}


def _dataset_type_of(row: Mapping[str, str]) -> DatasetType:
    return DatasetType(row["name"], tuple(map(_modality, json.loads(row["modalities"]))))


def _dataset_row(noun: Dataset) -> Row:
    shares: JsonValue = [noun.shares.test, noun.shares.validation, noun.shares.salt]
    return {
        "name": noun.name,
        "type": noun.type,
        "loader": noun.loader,
        "options": canonical_json(noun.options),
        "columns": canonical_json([[each.name, str(each.modality)] for each in noun.columns]),
        "grouped_by": noun.group,
        "stratum": noun.stratum,
        "shares": canonical_json(shares),
        "licence": noun.licence,
    }


def _dataset_of(row: Mapping[str, str]) -> Dataset:
    columns = json.loads(row["columns"])
    return Dataset(
        name=row["name"],
        type=row["type"],
        loader=row["loader"],
        options=json.loads(row["options"]),
        columns=tuple(Column(name, _modality(modality)) for name, modality in columns),
        group=row["grouped_by"],
        stratum=row["stratum"],
        shares=SplitShares(*json.loads(row["shares"])),
        licence=row["licence"],
    )


def _tensor_json(tensor: TensorSpec) -> JsonValue:
    return [tensor.name, tensor.dtype, tensor.axes]


def _tensors(found: list[tuple[str, str, list[str | int]]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name, dtype, tuple(axes)) for name, dtype, axes in found)


@lru_cache(maxsize=4096)
def _signature_json(signature: Signature) -> str:
    return canonical_json(
        {
            "inputs": [_tensor_json(each) for each in signature.inputs],
            "outputs": [_tensor_json(each) for each in signature.outputs],
            "opset": signature.opset,
            "parameters": signature.parameters,
            "size_bytes": signature.size_bytes,
        }
    )


@lru_cache(maxsize=4096)
def _signature_of(text: str) -> Signature:
    found = json.loads(text)
    return Signature(
        inputs=_tensors(found["inputs"]),
        outputs=_tensors(found["outputs"]),
        opset=found["opset"],
        parameters=found["parameters"],
        size_bytes=found["size_bytes"],
    )


@lru_cache(maxsize=4096)
def _signature_as_stored(signature: Signature) -> Signature:
    return _signature_of(_signature_json(signature))


@lru_cache(maxsize=4096)
def _as_stored(modality: Modality) -> Modality:
    return _modality(str(modality))


def _names_as_stored(names: Mapping[str, str]) -> dict[str, str]:
    return dict(_sorted_names(tuple(names.items()))) if names else {}


@lru_cache(maxsize=4096)
def _sorted_names(names: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(_object_of(_names_json(names)).items())


@lru_cache(maxsize=4096)
def _names_json(names: tuple[tuple[str, str], ...]) -> str:
    return canonical_json(dict(names))


def _object_json(value: Mapping[str, JsonValue]) -> str:
    return canonical_json(value) if value else _NO_OBJECT


def _object_of(text: str) -> dict[str, Any]:
    return {} if text == _NO_OBJECT else json.loads(text)


def _scores_json(scores: tuple[Score, ...]) -> str:
    return canonical_json([_score_json(each) for each in scores]) if scores else _NO_LIST


def _scores_of(text: str) -> tuple[Score, ...]:
    return () if text == _NO_LIST else tuple(_score_of(each) for each in json.loads(text))


def _score_json(score: Score) -> JsonValue:
    found = score.interval
    ends = None if found is None else [found.low, found.high, found.confidence]
    return [score.name, score.value, score.rows, ends]


def _score_of(found: tuple[str, float, int, list[float] | None]) -> Score:
    name, value, rows, ends = found
    return Score(name, value, rows, Interval(*ends) if ends else None)


_WRITERS: Mapping[type[Noun], Callable[..., Row]] = {
    ModalityType: _modality_type_row,
    ModalityEntry: _modality_row,
    OracleType: _oracle_type_row,
    Oracle: _oracle_row,
    DatasetType: _dataset_type_row,
    Dataset: _dataset_row,
}

_READERS: Mapping[Kind, Callable[[Mapping[str, str]], Noun]] = {
    Kind.MODALITY_TYPE: _modality_type_of,
    Kind.MODALITY: _modality_of,
    Kind.ORACLE_TYPE: _oracle_type_of,
    Kind.ORACLE: _oracle_of,
    Kind.DATASET_TYPE: _dataset_type_of,
    Kind.DATASET: _dataset_of,
}
