"""What two transactions both touched."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from transcoder.registry._nouns import Noun, State
from transcoder.registry._staged import PutNoun, PutSegment, RemoveNoun, RemoveSegment, Staged
from transcoder.registry._versions import same_content
from transcoder.vocabulary import ModalityEntry


def find_conflicts(staged: Iterable[Staged], base: State, theirs: State) -> list[str]:
    """Name what is staged and stands differently now from what the transaction saw.

    Nothing is in conflict where others made the very thing that is staged, nor where they only
    added versions to a segment that versions are to be added to.

    Args:
        staged: What the transaction would do.
        base: What it saw when it began.
        theirs: What there is now.
    """
    found: dict[str, None] = {}
    for each in staged:
        found.update(dict.fromkeys(_conflicts(each, base, theirs)))
    return list(found)


def _conflicts(staged: Staged, base: State, theirs: State) -> Iterator[str]:
    match staged:
        case PutNoun() | RemoveNoun():
            if not _is_free(staged, base, theirs):
                yield str(staged.id)
        case PutSegment():
            if _was_overtaken(staged, base, theirs):
                yield str(staged.segment.key)
        case RemoveSegment(key):
            if theirs.segments.get(key) not in (None, base.segments.get(key)):
                yield str(key)


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
    if key in base.segments and key not in theirs.segments:
        return True
    current = theirs.current(key)
    if not staged.make_current or _is_settled(staged, theirs):
        return False
    return (current.version if current else None) != staged.expected_current


def _is_settled(staged: PutSegment, theirs: State) -> bool:
    """Whether the current version already is what is staged, or outranks a declaration."""
    current = theirs.current(staged.segment.key)
    if current is None:
        return False
    return same_content(current, staged.segment) or not staged.segment.is_runnable
