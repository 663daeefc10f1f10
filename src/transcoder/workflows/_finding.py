"""Find what a caller names in words."""

from transcoder.errors import UnknownNameError
from transcoder.vocabulary import Catalog, Modality, Segment, SegmentKey


def find_segment(
    catalog: Catalog,
    model: str,
    source: str | None = None,
    target: str | None = None,
    *,
    version: int | None = None,
) -> Segment:
    """Find one segment of a model that has a file.

    Raises:
        UnknownNameError: If none, or more than one, answers to that.
    """
    found = [
        each
        for key in find_keys(catalog, model, source, target)
        for each in catalog.segments[key]
        if each.is_runnable
        and (each.is_current if version is None else each.version == version)
    ]
    if len(found) != 1:
        ends = f"{source or '?'} -> {target or '?'}"
        asked = f"{model}: {ends} version {version or 'current'}"
        raise UnknownNameError("single segment", asked, map(str, catalog.segments))
    return found[0]


def find_keys(
    catalog: Catalog, model: str, source: str | None = None, target: str | None = None
) -> list[SegmentKey]:
    """Find the segments of a model, between the given ends where they are given.

    An open standard latent, `text_latent`, stands for its newest version.
    """
    ends = tuple(_resolved(catalog, each) for each in (source, target))
    return [
        key
        for key in sorted(catalog.segments, key=str)
        if key.model == model
        and all(
            end in {None, own} for end, own in zip(ends, (key.source, key.target), strict=True)
        )
    ]


def require_keys(
    catalog: Catalog, model: str, source: str | None = None, target: str | None = None
) -> list[SegmentKey]:
    """Find the segments of a model; there is at least one.

    Raises:
        UnknownNameError: If there is none.
    """
    keys = find_keys(catalog, model, source, target)
    if not keys and source is None and target is None:
        raise UnknownNameError("model", model, {key.model for key in catalog.segments})
    if not keys:
        asked = f"{model}: {source or '?'} -> {target or '?'}"
        raise UnknownNameError("segment", asked, map(str, catalog.segments))
    return keys


def _resolved(catalog: Catalog, text: str | None) -> Modality | None:
    if text is None:
        return None
    modality = Modality.parse(text)
    try:
        return catalog.resolve(modality)
    except UnknownNameError:
        return modality
