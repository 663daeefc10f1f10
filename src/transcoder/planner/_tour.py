"""Paths that must meet named pieces, in whatever order is cheapest.

Held and Karp, "A dynamic programming approach to sequencing problems", Journal of SIAM 10
(1962): the cost of what is still to be met is found over legs between pieces.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TypeAlias, final

from transcoder.errors import MalformedNameError, UnknownNameError
from transcoder.planner._graph import Graph
from transcoder.planner._walk import State
from transcoder.vocabulary import Catalog, Modality

_Item: TypeAlias = tuple[int, int, int]
"""One way to meet a piece: where it is entered, where it is left, what it costs."""


@final
class Tour:
    """What is left to walk until all pieces are met and the goal is reached.

    Attributes:
        met_on: The pieces that an edge stands for, by rank, as bits.
        met_at: The pieces that a node stands for, as bits.
        goal: The last state: the goal with all pieces met.
    """

    def __init__(
        self, catalog: Catalog, graph: Graph, goal: int, pieces: Sequence[str]
    ) -> None:
        self._graph = graph
        self.met_on: dict[int, int] = {}
        self.met_at: dict[int, int] = {}
        distinct = tuple(dict.fromkeys(pieces))
        self.goal: State = (goal, (1 << len(distinct)) - 1)
        found = [find_piece(catalog, graph, name) for name in distinct]
        self._items = tuple(
            tuple(self._place(piece, 1 << number)) for number, piece in enumerate(found)
        )
        self.remaining = lru_cache(maxsize=None)(self._remaining)

    def _place(self, piece: "Piece", bit: int) -> Iterator[_Item]:
        if piece.modality is not None:
            node = self._graph.node(piece.modality)
            self.met_at[node] = self.met_at.get(node, 0) | bit
            yield node, node, 0
        if piece.edge is None:
            return
        for rank in self._graph.ranks_of(piece.edge):
            self.met_on[rank] = self.met_on.get(rank, 0) | bit
            entered = self._graph.node(self._graph.edges[rank].source)
            yield entered, self._graph.ends[rank], self._graph.costs[rank]

    def _remaining(self, state: State) -> float:
        """Price the cheapest way from a state to the last one, or infinity."""
        node, met = state
        goal, everything = self.goal
        if met == everything:
            return self._graph.distances_to(goal).get(node, inf)
        return min(
            (
                self._graph.distances_to(entered).get(node, inf)
                + cost
                + self.remaining((left, met | 1 << number))
                for number, items in enumerate(self._items)
                if not met >> number & 1
                for entered, left, cost in items
            ),
            default=inf,
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """What a name asks for: an edge of that name, a modality, or either."""

    edge: str | None
    modality: Modality | None


def find_piece(catalog: Catalog, graph: Graph, name: str) -> Piece:
    """Find what is called by a name.

    Raises:
        UnknownNameError: If no model, oracle or modality is.
    """
    edge = name if graph.ranks_of(name) else None
    modality = _maybe_modality(catalog, name)
    if edge is None and modality is None:
        edges = {key.model for key in catalog.segments} | set(catalog.oracles)
        if name not in edges:
            known = edges | {str(each) for each in catalog.modalities}
            raise UnknownNameError("model, oracle or modality", name, known)
    return Piece(edge, modality)


def _maybe_modality(catalog: Catalog, name: str) -> Modality | None:
    try:
        modality = Modality.parse(name)
        if modality in catalog.modalities or modality.is_standard_latent:
            return catalog.resolve(modality)
    except (MalformedNameError, UnknownNameError):
        return None
    return None
