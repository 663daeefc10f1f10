"""The state that a transaction is about to make."""

from collections.abc import Mapping
from dataclasses import replace
from typing import final

from transcoder.registry._latents import founded, retirable
from transcoder.registry._nouns import Noun, NounId, State
from transcoder.registry._staged import PutNoun, PutSegment, RemoveNoun, RemoveSegment, Staged
from transcoder.registry._versions import Versions
from transcoder.vocabulary import ModalityEntry, Segment, SegmentKey


@final
class Draft:
    """Applies what is staged to a copy of a state.

    Args:
        base: What it begins with; never changed.

    Attributes:
        faults: What was asked for and cannot be done.
        segments: What each staged segment became, in order.
    """

    def __init__(self, base: State) -> None:
        self.faults: list[str] = []
        self.segments: list[tuple[SegmentKey, int]] = []
        self._base = base
        self._nouns = dict(base.nouns)
        self._versions: dict[SegmentKey, Versions] = {}

    @property
    def nouns(self) -> Mapping[NounId, Noun]:
        """Everything that has one name, so far."""
        return self._nouns

    def apply(self, staged: Staged) -> None:
        """Do one thing that is staged."""
        match staged:
            case PutNoun():
                self._nouns[staged.id] = self._with_space(staged.id, staged.noun)
            case RemoveNoun():
                self._nouns.pop(staged.id, None)
            case PutSegment():
                self.put_segment(staged)
            case RemoveSegment():
                self._of(staged.key).retire()

    def put_segment(self, staged: PutSegment) -> Segment:
        """Register a version of a segment and give it with its number."""
        segment, versions = staged.segment, self._of(staged.segment.key)
        if versions.kind not in (None, segment.kind):
            self.faults.append(
                f"{segment.key} is registered as a {versions.kind} and cannot be a "
                f"{segment.kind} too; choose another model name"
            )
        found = versions.put(segment, make_current=staged.make_current)
        self.segments.append((segment.key, found.version))
        return found

    def view(self) -> State:
        """Give the state so far, with spaces settled and nothing retired by itself."""
        state = self._state()
        return replace(state, nouns=founded(self._nouns, state))

    def finish(self) -> tuple[State, tuple[SegmentKey, ...]]:
        """Settle spaces, retire what nothing holds, and give the state.

        Returns:
            The state, at the revision after the base's, and what was retired by itself.
        """
        state = self.view()
        retired = retirable(state)
        return (_without(state, retired) if retired else state), retired

    def settled_segments(self, state: State) -> tuple[Segment, ...]:
        """Give what each staged segment became in a finished state."""
        found: list[Segment] = []
        for key, version in self.segments:
            live = _find(state.segments.get(key, ()), version)
            found += live or _find(state.retired[key], version)
        return tuple(found)

    def _of(self, key: SegmentKey) -> Versions:
        found = self._versions.get(key)
        if found is None:
            base = self._base
            retired = base.retired.get(key, ()) if base.retired else ()
            swept = base.swept.get(key, 0) if base.swept else 0
            found = Versions(base.segments.get(key, ()), retired, swept)
            self._versions[key] = found
        return found

    def _with_space(self, noun_id: NounId, noun: Noun) -> Noun:
        """Keep the known space of a standard latent that is declared again without one."""
        known = self._nouns.get(noun_id)
        if isinstance(noun, ModalityEntry) and isinstance(known, ModalityEntry):
            return replace(noun, space=noun.space or known.space)
        return noun

    def _state(self) -> State:
        segments, retired = dict(self._base.segments), dict(self._base.retired)
        for key, versions in self._versions.items():
            _put(segments, key, versions.live)
            _put(retired, key, versions.retired)
        return State(
            self._base.revision + 1,
            self._nouns,
            segments,
            retired,
            self._base.swept,
        )


def _without(state: State, keys: tuple[SegmentKey, ...]) -> State:
    """Retire all versions of some segments."""
    segments, retired = dict(state.segments), dict(state.retired)
    for key in keys:
        versions = Versions(segments[key], retired.get(key, ()))
        versions.retire()
        _put(segments, key, versions.live)
        _put(retired, key, versions.retired)
    return replace(state, segments=segments, retired=retired)


def _find(versions: tuple[Segment, ...], version: int) -> list[Segment]:
    return [each for each in versions if each.version == version]


def _put(
    table: dict[SegmentKey, tuple[Segment, ...]],
    key: SegmentKey,
    versions: tuple[Segment, ...],
) -> None:
    if versions:
        table[key] = versions
    elif table:
        table.pop(key, None)
