"""Whether segments fit the specs at their ends, and spaces their founders."""

from collections.abc import Iterator
from typing import TypeAlias

from transcoder.errors import UnknownNameError
from transcoder.interchange import check_segment
from transcoder.registry._latents import founder_digests
from transcoder.registry._nouns import State
from transcoder.vocabulary import Catalog, Modality, ModalityEntry, Segment

_Fitting: TypeAlias = set[tuple[int, int, int, tuple[tuple[str, str], ...]]]
"""Which signatures fit which specs at both ends, all three by identity, under which names."""

_Ends: TypeAlias = tuple[ModalityEntry | None, ModalityEntry | None]
"""The entries of a source and a target, where they are registered."""

_VERBS = ("takes", "gives")


def segment_faults(before: State, after: State) -> Iterator[str]:
    """Find what is wrong with the segments.

    A version that was there before is looked at again where it becomes current, or is current
    and the entry of one of its ends has changed: older ones may stay behind a spec.
    """
    moved = _moved_modalities(before, after)
    fitting: _Fitting = set()
    modalities = after.catalog.modalities
    for key, versions in after.segments.items():
        fresh = bool(moved) and not moved.isdisjoint((key.source, key.target))
        known = before.segments.get(key, ())
        if not fresh and versions is known:
            continue
        ends = modalities.get(key.source), modalities.get(key.target)
        if versions[0].is_transcoder or not _have_specs(ends):
            yield from _key_faults(versions[0], ends, after.catalog)
        was_current = {each.version: each.is_current for each in known}
        for segment in versions:
            was = was_current.get(segment.version)
            if was is None or (segment.is_current and (fresh or not was)):
                yield from _version_faults(segment, ends, fitting)


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


def _have_specs(ends: _Ends) -> bool:
    source, target = ends
    return bool(source and source.spec and target and target.spec)


def _key_faults(segment: Segment, ends: _Ends, catalog: Catalog) -> Iterator[str]:
    key = segment.key
    for verb, modality, entry in zip(_VERBS, (key.source, key.target), ends, strict=True):
        if entry is None:
            error = UnknownNameError("modality", str(modality), map(str, catalog.modalities))
            yield f"'{segment}' {verb} {modality}, but {error}"
        elif entry.spec is None:
            yield f"'{segment}' {verb} {modality}, which has no spec; put a codec between"
    if segment.is_transcoder and not (key.source.is_latent and key.target.is_latent):
        yield f"'{segment}' is a transcoder, which joins two latents; register it as a segment"


def _version_faults(segment: Segment, ends: _Ends, fitting: _Fitting) -> Iterator[str]:
    if segment.digest is None:
        if not segment.is_transcoder:
            yield f"'{segment}' has no file; only a transcoder can be without one"
        return
    if segment.signature is None:
        yield f"'{segment}' has a file but no signature; read it with read_signature"
        return
    source, target = ends
    if not (source and source.spec and target and target.spec):
        return
    names = tuple(segment.names.items())
    fit = (id(segment.signature), id(source.spec), id(target.spec), names)
    if fit not in fitting:
        faults = check_segment(
            segment.name, segment.signature, source.spec, target.spec, segment.names
        )
        yield from faults
        if not faults:
            fitting.add(fit)


def _moved(entry: ModalityEntry, old: str | None, new: str) -> str:
    return (
        f"{entry.modality} is the space of {(old or '')[:12]}, but its founder "
        f"{entry.founder!r} would now be {new[:12]}; {_remedy(entry)}"
    )


def _remedy(entry: ModalityEntry) -> str:
    following = f"{entry.modality.name}@{(entry.modality.version or 0) + 1}"
    return f"declare {following} for the new space, or keep the founder"
