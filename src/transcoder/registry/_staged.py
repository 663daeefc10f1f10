"""What a transaction was asked to do, kept so that it can be done again on another state."""

from dataclasses import dataclass
from typing import TypeAlias

from transcoder.registry._nouns import Noun, NounId
from transcoder.vocabulary import Segment, SegmentKey


@dataclass(frozen=True, slots=True)
class PutNoun:
    """Register a noun, or say the registered one anew."""

    id: NounId
    noun: Noun


@dataclass(frozen=True, slots=True)
class RemoveNoun:
    """Take a noun away."""

    id: NounId


@dataclass(frozen=True, slots=True)
class PutSegment:
    """Register a version of a segment.

    Attributes:
        segment: Without a version of its own.
        make_current: Whether paths shall take it.
        expected_current: The version that is to be replaced as the current one.
    """

    segment: Segment
    make_current: bool
    expected_current: int | None


@dataclass(frozen=True, slots=True)
class RemoveSegment:
    """Retire all versions of a segment."""

    key: SegmentKey


Staged: TypeAlias = PutNoun | RemoveNoun | PutSegment | RemoveSegment
