"""A registry's modalities and all that joins them, as one graph."""

from transcoder.reports import Arrow, Graph, Look, Place
from transcoder.vocabulary import Catalog, Segment

_SHOWN = {"test/retention": "retention", "test/r2": "R²"}
"""By what a transcoder is told, the first that was measured."""
_OTHER_CHAINS = "test/retention of "


def atlas(catalog: Catalog) -> Graph:
    """Draw networks thin, transcoders thick with their score, programs dashed.

    A transcoder that is yet to be trained has no head. Of each segment the current version is
    drawn; modalities and edges stand in order of name.
    """
    places = tuple(Place(name, name) for name in sorted(map(str, catalog.modalities)))
    segments = (_arrow(each) for each in catalog.find_current())
    oracles = (
        Arrow(str(each.source), str(each.target), name, Look.DOTTED)
        for name, each in sorted(catalog.oracles.items())
    )
    return Graph(places, (*segments, *oracles))


def transcoder_rows(catalog: Catalog) -> list[tuple[str, ...]]:
    """Tell each current transcoder: model, ends, version, and how good it is."""
    return [
        (each.name, str(each.source), str(each.target), str(each.version), told_scores(each))
        for each in catalog.find_current()
        if each.is_transcoder
    ]


def _arrow(segment: Segment) -> Arrow:
    ends = str(segment.source), str(segment.target)
    if not segment.is_transcoder:
        return Arrow(*ends, segment.name)
    look = Look.THICK if segment.is_runnable else Look.PLAIN
    return Arrow(*ends, f"{segment.name}, {_score(segment)}", look)


def _score(segment: Segment) -> str:
    if not segment.is_runnable:
        return "yet to be trained"
    scored = ((segment.maybe_score(metric), name) for metric, name in _SHOWN.items())
    return next((f"{name} {score}" for score, name in scored if score), "not measured")


def told_scores(segment: Segment) -> str:
    """Tell a transcoder's score, and between which ends those by other chains lie."""
    told = _score(segment)
    others = [each.value for each in segment.scores if each.name.startswith(_OTHER_CHAINS)]
    if not others:
        return told
    chains = "another chain" if len(others) == 1 else f"{len(others)} other chains"
    least, most = f"{min(others):.3f}", f"{max(others):.3f}"
    return f"{told}, by {chains} {least if least == most else f'{least} to {most}'}"
