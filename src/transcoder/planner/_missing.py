"""What is missing where no path is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import TypeAlias

from transcoder.planner._graph import View, graph_of
from transcoder.planner._opportunities import find_opportunities
from transcoder.planner._walk import Root, Walker
from transcoder.vocabulary import Catalog, Modality

_Leg: TypeAlias = tuple[Modality, Modality]
"""Where a stretch of a way begins and where it ends."""

_MOST_ORDERED = 5
"""How many pieces are tried in every order."""

_MOST_WAYS = 8
"""How many of the orders that lack as few transcoders are looked at closely."""

_NEAREST = 4
"""How many latents at either side of the gap are looked at."""


@dataclass(frozen=True, slots=True)
class MissingTranscoder:
    """A transcoder that would make a path.

    Attributes:
        source: The latent that it takes.
        target: The latent that it gives.
        is_trainable: Whether there is an opportunity to train it today.
    """

    source: Modality
    target: Modality
    is_trainable: bool

    @property
    def is_between_versions(self) -> bool:
        """Whether it joins two spaces of one standard latent."""
        return self.source.is_standard_latent and self.source.name == self.target.name


def find_missing(
    catalog: Catalog, source: Modality, target: Modality
) -> MissingTranscoder | None:
    """Find the transcoder that would make a path; None where there is one, or none can.

    Transcoders join latents, so one is always enough if any number is: from a latent that the
    source reaches to one that reaches the target. Of the four nearest at either side, one that
    can be trained today comes first, then the cheapest whole path, then the first by name.

    Raises:
        UnknownNameError: If an end is not registered.
    """
    begin, end = catalog.resolve(source), catalog.resolve(target)
    if _is_joined(catalog, begin, end):
        return None
    first = None
    for before, after in _find_gaps(catalog, begin, end):
        trainable = bool(find_opportunities(catalog, before, after))
        found = MissingTranscoder(before, after, trainable)
        if trainable:
            return found
        first = first or found
    return first


def explain_missing(catalog: Catalog, source: Modality, target: Modality) -> str:
    """Say which transcoder would make a path, and whether it can be trained today.

    Raises:
        UnknownNameError: If an end is not registered.
    """
    begin, end = catalog.resolve(source), catalog.resolve(target)
    missing = find_missing(catalog, begin, end)
    if missing is not None:
        return _told_one(missing)
    if _is_joined(catalog, begin, end):
        return "no transcoder is missing, for there is a path"
    if not _latents_from(catalog, begin):
        return f"{str(begin)!r} reaches no latent; register a model that takes it"
    return f"no latent reaches {str(end)!r}; register a model that gives it"


def explain_missing_set(
    catalog: Catalog, source: Modality, target: Modality, pieces: Sequence[str]
) -> str | None:
    """Say which transcoders would bring all pieces onto a path, and which can be trained today.

    Args:
        catalog: What is registered.
        source: Where the path begins.
        target: Where it ends.
        pieces: Models, oracles or modalities, by name.

    Returns:
        The pieces and the advice; None where no leg between them lacks a transcoder, or none
        would help.
    """
    found = find_missing_set(catalog, source, target, pieces)
    if not found:
        return None
    named = ", ".join(map(repr, pieces))
    if len(found) == 1:
        return f"{named}, {_told_one(found[0])}"
    told = " and ".join(_told(each) for each in found)
    return f"{named}, {len(found)} transcoders would make one: {told}"


def find_missing_set(
    catalog: Catalog, source: Modality, target: Modality, pieces: Sequence[str]
) -> tuple[MissingTranscoder, ...]:
    """Find the fewest transcoders that would join source, pieces and target in some order.

    Every order of up to five pieces is looked at, and every edge that a name stands for. Of
    orders that lack as few, one whose transcoders can all be trained today comes first.

    Returns:
        In the order of the way; nothing where nothing is missing, or nothing would help.
    """
    begin, end = catalog.resolve(source), catalog.resolve(target)
    ends = [_ends_of(catalog, piece) for piece in dict.fromkeys(pieces)]
    gaps = sorted({_gaps(catalog, each) for each in _find_ways(begin, end, ends)}, key=len)
    fewest = [each for each in gaps if len(each) == len(gaps[0])] if gaps else []
    found = []
    for legs in fewest[:_MOST_WAYS]:
        missing = [find_missing(catalog, *leg) for leg in legs]
        whole = tuple(dict.fromkeys(each for each in missing if each is not None))
        if None not in missing:
            found.append(whole)
    return min(found, key=_by_hope, default=())


def _find_ways(
    source: Modality, target: Modality, ends: Sequence[Sequence[_Leg]]
) -> Iterator[tuple[_Leg, ...]]:
    """Give the legs between source, pieces and target, for each order and choice of edges."""
    orders = permutations(ends) if len(ends) <= _MOST_ORDERED else [tuple(ends)]
    for order in orders:
        for chosen in product(*order):
            left = (source, *(last for _, last in chosen))
            entered = (*(first for first, _ in chosen), target)
            yield tuple(zip(left, entered, strict=True))


def _gaps(catalog: Catalog, legs: Sequence[_Leg]) -> tuple[_Leg, ...]:
    graph = graph_of(catalog, View.ALL)
    return tuple(
        (first, last)
        for first, last in legs
        if graph.node(first) not in graph.distances_to(graph.node(last))
    )


def _by_hope(found: Sequence[MissingTranscoder]) -> tuple[int, int, str]:
    hopeless = sum(not each.is_trainable for each in found)
    return len(found), hopeless, " ".join(f"{each.source} {each.target}" for each in found)


def _told_one(missing: MissingTranscoder) -> str:
    first, second = str(missing.source), str(missing.target)
    can = "can" if missing.is_trainable else "cannot"
    return (
        f"a transcoder {first!r} -> {second!r} would make one, and it {can} be trained "
        f'from what is registered: see transcoder opportunities "{first}" "{second}"'
    )


def _told(missing: MissingTranscoder) -> str:
    first, second = str(missing.source), str(missing.target)
    can = "can" if missing.is_trainable else "cannot"
    return f"{first!r} -> {second!r}, which {can} be trained from what is registered"


def _ends_of(catalog: Catalog, piece: str) -> list[_Leg]:
    graph = graph_of(catalog, View.ALL)
    edges = [graph.edges[rank] for rank in graph.ranks_of(piece)]
    if edges:
        return [(edge.source, edge.target) for edge in edges]
    untrained = [(key.source, key.target) for key in catalog.segments if key.model == piece]
    if untrained:
        return untrained
    modality = catalog.resolve(Modality.parse(piece))
    return [(modality, modality)]


def _is_joined(catalog: Catalog, source: Modality, target: Modality) -> bool:
    graph = graph_of(catalog, View.ALL)
    return graph.maybe_distance(graph.node(source), graph.node(target)) is not None


def _find_gaps(
    catalog: Catalog, source: Modality, target: Modality
) -> list[tuple[Modality, Modality]]:
    """Give the gaps that a transcoder would close, the cheapest whole path first."""
    before = _latents_from(catalog, source)[:_NEAREST]
    after = _latents_to(catalog, target)[:_NEAREST]
    gaps = [
        (near + far, str(first), str(second), first, second)
        for (near, first), (far, second) in product(before, after)
        if first != second
    ]
    return [(first, second) for *_, first, second in sorted(gaps, key=lambda gap: gap[:3])]


def _latents_from(catalog: Catalog, source: Modality) -> list[tuple[int, Modality]]:
    graph = graph_of(catalog, View.ALL)
    walker = Walker(graph, lambda _state: 0)
    start = graph.node(source)
    return [
        (sum(graph.costs[rank] for rank in ranks), graph.modality(node))
        for ranks, (node, _) in walker.find_ends(Root((start, 0)))
        if graph.modality(node).is_latent
    ]


def _latents_to(catalog: Catalog, target: Modality) -> list[tuple[int, Modality]]:
    graph = graph_of(catalog, View.ALL)
    found = [
        (cost, graph.modality(node))
        for node, cost in graph.distances_to(graph.node(target)).items()
        if graph.modality(node).is_latent
    ]
    return sorted(found, key=lambda pair: (pair[0], str(pair[1])))
