"""What two transactions both touched."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace

from transcoder.registry._nouns import Noun, State
from transcoder.registry._staged import PutNoun, PutSegment, RemoveNoun, RemoveSegment, Staged
from transcoder.registry._versions import same_content
from transcoder.vocabulary import ModalityEntry, Segment, SegmentKey


def find_conflicts(staged: Iterable[Staged], base: State, theirs: State) -> dict[str, str]:
    """Name what is staged and stands differently now, and say what became of it.

    Nothing is in conflict where others made the very thing that is staged, nor where they only
    added versions to a segment that versions are to be added to.

    Args:
        staged: What the transaction would do.
        base: What it saw when it began.
        theirs: What there is now.
    """
    found: dict[str, str] = {}
    for each in staged:
        found.update(_conflicts(each, base, theirs))
    return found


def _conflicts(staged: Staged, base: State, theirs: State) -> Iterator[tuple[str, str]]:
    match staged:
        case PutNoun() | RemoveNoun():
            if not _is_free(staged, base, theirs):
                yield (
                    str(staged.id),
                    _became(base.nouns.get(staged.id), theirs.nouns.get(staged.id)),
                )
        case PutSegment():
            key = staged.segment.key
            if _was_overtaken(staged, base, theirs):
                yield str(key), _moved(key, theirs)
        case RemoveSegment(key):
            if theirs.segments.get(key) not in (None, base.segments.get(key)):
                yield str(key), _moved(key, theirs)


def _became(before: Noun | None, after: Noun | None) -> str:
    if after is None:
        return "removed"
    if before is None:
        return "added"
    changed = [
        each.name
        for each in fields(after)
        if getattr(before, each.name, None) != getattr(after, each.name)
    ]
    return f"{' and '.join(changed)} changed"


def _moved(key: SegmentKey, theirs: State) -> str:
    versions, current = theirs.segments.get(key, ()), theirs.current(key)
    if not versions:
        return "unregistered"
    if current is None:
        return f"no version current, {len(versions)} registered"
    return f"version {current.version} current, {len(versions)} registered"


def _is_free(staged: PutNoun | RemoveNoun, base: State, theirs: State) -> bool:
    """Whether nobody changed a noun, or somebody made it what is wanted."""
    now = theirs.nouns.get(staged.id)
    wanted = staged.noun if isinstance(staged, PutNoun) else None
    return _same(now, base.nouns.get(staged.id)) or _same(now, wanted)


def _same(first: Noun | None, second: Noun | None) -> bool:
    """Whether two declarations agree; a space that only one of them knows does not count."""
    match first, second:
        case (ModalityEntry(space=one), ModalityEntry(space=other)) if None in (one, other):
            return _spaceless(first) == _spaceless(second)
        case _:
            return first == second


def _spaceless(entry: ModalityEntry) -> ModalityEntry:
    return replace(entry, space=None)


def _was_overtaken(staged: PutSegment, base: State, theirs: State) -> bool:
    key = staged.segment.key
    if theirs is not base and key in base.segments and key not in theirs.segments:
        return True
    current = theirs.current(key) if staged.make_current else None
    if not staged.make_current or _is_settled(staged, current):
        return False
    return (current.version if current else None) != staged.expected_current


def _is_settled(staged: PutSegment, current: Segment | None) -> bool:
    """Whether the current version already is what is staged, or outranks a declaration."""
    if current is None:
        return False
    return same_content(current, staged.segment) or not staged.segment.is_runnable
