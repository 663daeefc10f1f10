"""Whether segments fit the specs at their ends, and spaces their founders."""

from collections.abc import Iterator
from typing import TypeAlias

from transcoder.errors import UnknownNameError
from transcoder.interchange import check_segment
from transcoder.registry._latents import founder_digests
from transcoder.registry._nouns import State
from transcoder.vocabulary import Catalog, Modality, ModalityEntry, Segment, SegmentKey

_Fitting: TypeAlias = set[tuple[int, int, int, tuple[tuple[str, str], ...]]]
"""Which signatures fit which specs at both ends, all three by identity, under which names."""


def segment_faults(before: State, after: State) -> Iterator[str]:
    """Find what is wrong with the segments.

    A version that was there before is looked at again where it becomes current, or is current
    and the entry of one of its ends has changed: older ones may stay behind a spec.
    """
    moved = _moved_modalities(before, after)
    fitting: _Fitting = set()
    for key, versions in after.segments.items():
        fresh = not moved.isdisjoint((key.source, key.target))
        if not fresh and versions is before.segments.get(key):
            continue
        yield from _key_faults(key, versions[0], after.catalog)
        was_current = {each.version: each.is_current for each in before.segments.get(key, ())}
        for segment in versions:
            was = was_current.get(segment.version)
            if was is None or (segment.is_current and (fresh or not was)):
                yield from _version_faults(segment, after.catalog, fitting)


def space_faults(before: State, after: State) -> Iterator[str]:
    """Find standard latents whose space would no longer be the one that others bound to."""
    for noun_id, entry in after.nouns.items():
        if not isinstance(entry, ModalityEntry) or entry.space is None:
            continue
        known = before.nouns.get(noun_id)
        if isinstance(known, ModalityEntry) and known.space not in (None, entry.space):
            yield _moved(entry, known.space, entry.space)
            continue
        if isinstance(known, ModalityEntry) and known.founder != entry.founder:
            yield (
                f"{entry.modality} was founded by {known.founder!r} and cannot pass to "
                f"{entry.founder!r}; {_remedy(entry)}"
            )
            continue
        digests = founder_digests(entry, after)
        if digests and entry.space not in digests:
            yield _moved(entry, entry.space, digests[0])


def _moved_modalities(before: State, after: State) -> set[Modality]:
    """The modalities whose entry is another one now, or is there only on one side."""
    old, new = before.catalog.modalities, after.catalog.modalities
    return {each for each in {*old, *new} if old.get(each) != new.get(each)}


def _key_faults(key: SegmentKey, segment: Segment, catalog: Catalog) -> Iterator[str]:
    for verb, modality in (("takes", key.source), ("gives", key.target)):
        entry = catalog.modalities.get(modality)
        if entry is None:
            error = UnknownNameError("modality", str(modality), map(str, catalog.modalities))
            yield f"'{segment}' {verb} {modality}, but {error}"
        elif entry.spec is None:
            yield f"'{segment}' {verb} {modality}, which has no spec; put a codec between"
    if segment.is_transcoder and not (key.source.is_latent and key.target.is_latent):
        yield f"'{segment}' is a transcoder, which joins two latents; register it as a segment"


def _version_faults(segment: Segment, catalog: Catalog, fitting: _Fitting) -> Iterator[str]:
    if segment.digest is None:
        if not segment.is_transcoder:
            yield f"'{segment}' has no file; only a transcoder can be without one"
        return
    if segment.signature is None:
        yield f"'{segment}' has a file but no signature; read it with read_signature"
        return
    source = catalog.modalities.get(segment.source)
    target = catalog.modalities.get(segment.target)
    if not (source and source.spec and target and target.spec):
        return
    names = tuple(segment.names.items())
    ends = (id(segment.signature), id(source.spec), id(target.spec), names)
    if ends not in fitting:
        faults = check_segment(
            segment.name, segment.signature, source.spec, target.spec, segment.names
        )
        yield from faults
        if not faults:
            fitting.add(ends)


def _moved(entry: ModalityEntry, old: str | None, new: str) -> str:
    return (
        f"{entry.modality} is the space of {(old or '')[:12]}, but its founder "
        f"{entry.founder!r} would now be {new[:12]}; {_remedy(entry)}"
    )


def _remedy(entry: ModalityEntry) -> str:
    following = f"{entry.modality.name}@{(entry.modality.version or 0) + 1}"
    return f"declare {following} for the new space, or keep the founder"
