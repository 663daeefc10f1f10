"""What becomes of latents by themselves: spaces are founded, transcoders retire."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from transcoder.registry._nouns import Noun, NounId, State
from transcoder.vocabulary import (
    Dataset,
    Modality,
    ModalityEntry,
    Oracle,
    SegmentKey,
    SegmentKind,
)


def founded(nouns: Mapping[NounId, Noun], state: State) -> dict[NounId, Noun]:
    """Give each standard latent whose founder has come the space that it founds."""
    settled = dict(nouns)
    for noun_id, noun in nouns.items():
        if isinstance(noun, ModalityEntry) and noun.founder and noun.space is None:
            digests = founder_digests(noun, state)
            if digests:
                settled[noun_id] = replace(noun, space=digests[0])
    return settled


def founder_digests(entry: ModalityEntry, state: State) -> list[str]:
    """Digests of the founder's current segments that end in its latent, in order of key."""
    keys = sorted(
        (
            key
            for key in state.segments
            if key.model == entry.founder and key.target == entry.modality
        ),
        key=str,
    )
    current = (state.current(key) for key in keys)
    return [
        each.digest
        for each in current
        if each is not None and each.kind is SegmentKind.SEGMENT and each.digest is not None
    ]


def retirable(state: State) -> tuple[SegmentKey, ...]:
    """Find the transcoders with a private latent at an end that nothing else touches.

    Only ordinary segments, oracles and datasets hold a latent; transcoders do not. So those
    that hang on one another go together, and one pass reaches the fixpoint.
    """
    transcoders = [
        key
        for key, versions in state.segments.items()
        if versions[0].kind is SegmentKind.TRANSCODER
    ]
    if not transcoders:
        return ()
    held = set(_held(state))
    loose = (
        key
        for key in transcoders
        if any(end.is_private and end not in held for end in (key.source, key.target))
    )
    return tuple(sorted(loose, key=str))


def left_behind(before: State, after: State) -> tuple[SegmentKey, ...]:
    """Find the transcoders of an older version of each latent that has a new one."""
    known = {each.modality for each in _entries(before)}
    newest: dict[str, int] = {}
    for entry in _entries(after):
        modality = entry.modality
        if modality.is_standard_latent and modality not in known:
            newest[modality.name] = max(newest.get(modality.name, 0), modality.version or 0)
    found = (
        key
        for key, versions in after.segments.items()
        if versions[0].is_transcoder
        and any(_is_older(end, newest) for end in (key.source, key.target))
    )
    return tuple(sorted(found, key=str)) if newest else ()


def _is_older(modality: Modality, newest: Mapping[str, int]) -> bool:
    return (modality.version or 0) < newest.get(modality.name, 0)


def _entries(state: State) -> Iterator[ModalityEntry]:
    return (each for each in state.nouns.values() if isinstance(each, ModalityEntry))


def _held(state: State) -> Iterator[Modality]:
    for key, versions in state.segments.items():
        if not versions[0].is_transcoder:
            yield from (key.source, key.target)
    for noun in state.nouns.values():
        if isinstance(noun, Oracle):
            yield from (noun.source, noun.target)
        elif isinstance(noun, Dataset):
            yield from (column.modality for column in noun.columns)
