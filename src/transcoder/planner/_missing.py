"""What is missing where no path is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from transcoder.planner._graph import View, graph_of
from transcoder.planner._opportunities import find_opportunities
from transcoder.planner._walk import Root, Walker
from transcoder.vocabulary import Catalog, Modality

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
        first, second = str(missing.source), str(missing.target)
        can = "can" if missing.is_trainable else "cannot"
        return (
            f"a transcoder {first!r} -> {second!r} would make one, and it {can} be trained "
            f'from what is registered: see transcoder opportunities "{first}" "{second}"'
        )
    if _is_joined(catalog, begin, end):
        return "no transcoder is missing, for there is a path"
    if not _latents_from(catalog, begin):
        return f"{str(begin)!r} reaches no latent; register a model that takes it"
    return f"no latent reaches {str(end)!r}; register a model that gives it"


def explain_missing_piece(
    catalog: Catalog, source: Modality, target: Modality, pieces: Sequence[str]
) -> str | None:
    """Say which transcoder would bring a piece onto a path, for the first that is on none.

    Args:
        catalog: What is registered.
        source: Where the path begins.
        target: Where it ends.
        pieces: Models, oracles or modalities, by name.

    Returns:
        The piece and the advice of `explain_missing`; None if each alone is on some path.
    """
    for piece in pieces:
        ends = _ends_of(catalog, piece)
        gaps = [
            [leg for leg in ((source, first), (last, target)) if not _is_joined(catalog, *leg)]
            for first, last in ends
        ]
        if gaps and all(gaps):
            nearest = min(gaps, key=len)
            return f"{piece!r}, {explain_missing(catalog, *nearest[0])}"
    return None


def _ends_of(catalog: Catalog, piece: str) -> list[tuple[Modality, Modality]]:
    edges = [edge for edge in catalog.find_edges() if edge.name == piece]
    if edges:
        return [(edge.source, edge.target) for edge in edges]
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
