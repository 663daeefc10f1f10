"""What the registry itself speaks of: states, changes and commits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, TypeAlias

from typing_extensions import override

from transcoder.vocabulary import (
    Catalog,
    Dataset,
    DatasetType,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
    Segment,
    SegmentKey,
)

Noun: TypeAlias = ModalityType | ModalityEntry | OracleType | Oracle | DatasetType | Dataset
"""What is registered under one name; segments have versions and stand apart."""


class Kind(StrEnum):
    """The tables of a registry."""

    MODALITY_TYPE = "modality type"
    MODALITY = "modality"
    ORACLE_TYPE = "oracle type"
    ORACLE = "oracle"
    DATASET_TYPE = "dataset type"
    DATASET = "dataset"
    SEGMENT = "segment"


class Action(StrEnum):
    """What a commit did to one thing."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RETIRED = "retired"
    RESTORED = "restored"
    SWEPT = "swept"


class NounId(NamedTuple):
    """Under what a noun is registered."""

    kind: Kind
    name: str

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class SeenAtStart(StrEnum):
    """Stands for the version that was current when the transaction began."""

    SEEN_AT_START = "seen at start"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a commit changed.

    Attributes:
        kind: Which table.
        name: The noun's name; of a segment, its key and version: `EnDe: a -> b #2`.
        action: What was done.
    """

    kind: Kind
    name: str
    action: Action

    @override
    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Commit:
    """What a transaction did.

    Attributes:
        revision: Of the registry since; unchanged where nothing was to be done.
        changed: Everything that differs from the revision before.
        segments: What the calls of `put_segment` registered, in their order, with the version
            numbers that they were given.
        retired: Transcoders retired because a private latent at one of their ends is touched
            by no ordinary segment, oracle or dataset any more.
        left_behind: Transcoders that stay with an older version of a standard latent, of which
            this commit brought a newer one.
    """

    revision: int
    changed: tuple[Change, ...] = ()
    segments: tuple[Segment, ...] = ()
    retired: tuple[SegmentKey, ...] = ()
    left_behind: tuple[SegmentKey, ...] = ()


@dataclass(frozen=True, slots=True)
class PastCommit:
    """One revision, as the history tells it.

    Attributes:
        revision: Counts from 1.
        at: When it was committed, UTC.
        note: What its author said of it; may be empty.
        changed: What it changed.
    """

    revision: int
    at: datetime
    note: str
    changed: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took away for good.

    Attributes:
        versions: Retired versions that were forgotten: `Joint: {A} -> text_latent@1 #2`.
        files: How many files no version names any more.
        size_bytes: How large these were.
        leftovers: How many half-written files of interrupted writers.
    """

    versions: tuple[str, ...]
    files: int
    size_bytes: int
    leftovers: int


@dataclass(frozen=True)
class State:
    """All that a registry holds at one revision, the retired versions too.

    Attributes:
        revision: Counts the commits.
        nouns: Everything that has one name.
        segments: The versions of each key that can be seen, in order of version.
        retired: The versions of each key that cannot, in order of version.
        swept: The highest number of a version of each key that was swept.
    """

    revision: int = 0
    nouns: Mapping[NounId, Noun] = field(default_factory=dict)
    segments: Mapping[SegmentKey, tuple[Segment, ...]] = field(default_factory=dict)
    retired: Mapping[SegmentKey, tuple[Segment, ...]] = field(default_factory=dict)
    swept: Mapping[SegmentKey, int] = field(default_factory=dict)

    @cached_property
    def catalog(self) -> Catalog:
        """The same, as others read it, without what is retired."""
        nouns = self.nouns.values()
        return Catalog(
            revision=self.revision,
            modality_types={e.name: e for e in nouns if isinstance(e, ModalityType)},
            modalities={e.modality: e for e in nouns if isinstance(e, ModalityEntry)},
            oracle_types={e.name: e for e in nouns if isinstance(e, OracleType)},
            oracles={e.name: e for e in nouns if isinstance(e, Oracle)},
            dataset_types={e.name: e for e in nouns if isinstance(e, DatasetType)},
            datasets={e.name: e for e in nouns if isinstance(e, Dataset)},
            segments=self.segments,
        )

    def current(self, key: SegmentKey) -> Segment | None:
        """Find the version that paths take."""
        for each in self.segments.get(key, ()):
            if each.is_current:
                return each
        return None


def id_of(noun: Noun) -> NounId:
    """Say under what a noun is registered."""
    match noun:
        case ModalityType():
            return NounId(Kind.MODALITY_TYPE, noun.name)
        case ModalityEntry():
            return NounId(Kind.MODALITY, str(noun.modality))
        case OracleType():
            return NounId(Kind.ORACLE_TYPE, noun.name)
        case Oracle():
            return NounId(Kind.ORACLE, noun.name)
        case DatasetType():
            return NounId(Kind.DATASET_TYPE, noun.name)
        case Dataset():
            return NounId(Kind.DATASET, noun.name)


def version_name(segment: Segment) -> str:
    """Name one version of a segment."""
    return f"{segment.key} #{segment.version}"
