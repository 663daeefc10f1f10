"""What lies between two states."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from transcoder.registry._nouns import (
    Action,
    Change,
    Kind,
    Noun,
    NounId,
    State,
    version_name,
)
from transcoder.vocabulary import Segment, SegmentKey


@dataclass(frozen=True, slots=True)
class NounDelta:
    """A noun that was put or removed.

    Attributes:
        id: Under what it stands.
        action: What was done.
        noun: As it is now; as it was, where it was removed.
    """

    id: NounId
    action: Action
    noun: Noun

    @property
    def change(self) -> Change:
        """How the history tells it."""
        return Change(self.id.kind, self.id.name, self.action)


@dataclass(frozen=True, slots=True)
class SegmentDelta:
    """A version that was added, or that became current, retired or the reverse.

    Attributes:
        segment: As it is now.
        action: What was done.
        is_new: Whether there was no such version before.
        is_retired: Whether it cannot be seen now.
    """

    segment: Segment
    action: Action
    is_new: bool = False
    is_retired: bool = False

    @property
    def change(self) -> Change:
        """How the history tells it."""
        return Change(Kind.SEGMENT, version_name(self.segment), self.action)


@dataclass(frozen=True)
class Delta:
    """Everything that one commit writes; versions that give up being current come first."""

    nouns: tuple[NounDelta, ...]
    segments: tuple[SegmentDelta, ...]

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """How the history tells it."""
        nouns = (each.change for each in self.nouns)
        return (*nouns, *(each.change for each in self.segments))


def diff(before: State, after: State) -> Delta:
    """Say what leads from one state to the other."""
    segments = sorted(_segments(before, after), key=lambda each: each.segment.is_current)
    return Delta(tuple(_nouns(before, after)), tuple(segments))


def _nouns(before: State, after: State) -> Iterator[NounDelta]:
    for noun_id, noun in after.nouns.items():
        old = before.nouns.get(noun_id)
        if old is None:
            yield NounDelta(noun_id, Action.ADDED, noun)
        elif old is not noun and old != noun:
            yield NounDelta(noun_id, Action.CHANGED, noun)
    for noun_id, noun in before.nouns.items():
        if noun_id not in after.nouns:
            yield NounDelta(noun_id, Action.REMOVED, noun)


def _segments(before: State, after: State) -> Iterator[SegmentDelta]:
    for key, versions in after.segments.items():
        known = _of(before.segments, key)
        if versions is not known:
            live, retired = _by_version(known), _by_version(_of(before.retired, key))
            for segment in versions:
                yield from _live(segment, live.get(segment.version), retired)
    for key, versions in after.retired.items():
        known = _of(before.retired, key)
        if versions is not known:
            live, retired = _by_version(_of(before.segments, key)), _by_version(known)
            for segment in versions:
                if segment.version not in retired:
                    is_new = segment.version not in live
                    yield SegmentDelta(segment, Action.RETIRED, is_new, is_retired=True)


def _of(
    table: Mapping[SegmentKey, tuple[Segment, ...]], key: SegmentKey
) -> tuple[Segment, ...]:
    return table.get(key, ()) if table else ()


def _by_version(versions: tuple[Segment, ...]) -> dict[int, Segment]:
    return {each.version: each for each in versions}


def _live(
    segment: Segment, old: Segment | None, retired: Mapping[int, Segment]
) -> Iterator[SegmentDelta]:
    if segment.version in retired:
        yield SegmentDelta(segment, Action.RESTORED)
    elif old is None:
        yield SegmentDelta(segment, Action.ADDED, is_new=True)
    elif old.is_current != segment.is_current:
        yield SegmentDelta(segment, Action.CHANGED)
