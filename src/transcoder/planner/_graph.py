"""The edges of a catalog as a weighted graph, kept for as long as they are asked for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, lru_cache
from typing import final

import networkx as nx
from typing_extensions import override

from transcoder.planner._preference import Preference, edge_cost
from transcoder.planner._reach import Reach, count_hops, measure_costs
from transcoder.vocabulary import Catalog, Edge, EdgePath, Exactness, Modality, Oracle, Segment

_SYNTHETIC_PENALTY, _TRANSCODER_PENALTY = 10**12, 10**14
"""A million, in the millionths of `edge_cost`: more than any route costs otherwise."""


class View(Enum):
    """Which edges of a catalog a question is about."""

    ALL = auto()
    ROUTES = auto()
    SEGMENTS = auto()
    TRANSCODERS = auto()
    NATIVE = auto()
    NATIVE_EXACT = auto()


def _is_synthetic(edge: Edge) -> bool:
    return isinstance(edge, Oracle) and edge.exactness is Exactness.SYNTHETIC


def _is_transcoder(edge: Edge) -> bool:
    return isinstance(edge, Segment) and edge.is_transcoder


def _lateness(edge: Edge) -> int:
    """Put routes with transcoders behind all others, and with synthetic oracles before them."""
    if _is_transcoder(edge):
        return _TRANSCODER_PENALTY
    return _SYNTHETIC_PENALTY if _is_synthetic(edge) else 0


def _is_native_exact(edge: Edge) -> bool:
    return not _is_transcoder(edge) and not _is_synthetic(edge)


_ADMITTED: Mapping[View, Callable[[Edge], bool]] = {
    View.ALL: lambda _edge: True,
    View.ROUTES: lambda _edge: True,
    View.SEGMENTS: lambda edge: isinstance(edge, Segment),
    View.TRANSCODERS: _is_transcoder,
    View.NATIVE: lambda edge: not _is_transcoder(edge),
    View.NATIVE_EXACT: _is_native_exact,
}
_GUESSES_LAST = frozenset({View.ROUTES, View.NATIVE})


@final
class Graph:
    """Modalities as numbers, and edges as ranks in the order of their names.

    Attributes:
        edges: In order of name, source and target; the place of an edge is its rank.
        costs: Of each edge, by rank.
        ends: The node that each edge leads to, by rank.
        leaving: For each node, the rank and the end of every edge that begins there.
    """

    def __init__(
        self, modalities: Iterable[Modality], edges: Iterable[Edge], cost: Callable[[Edge], int]
    ) -> None:
        self.edges = tuple(sorted(edges, key=_order))
        self.costs = tuple(cost(edge) for edge in self.edges)
        self._nodes: dict[Modality, int] = {}
        for modality in modalities:
            self._nodes.setdefault(modality, len(self._nodes))
        ends = [(self._add(edge.source), self._add(edge.target)) for edge in self.edges]
        self.ends = tuple(target for _, target in ends)
        self._modalities = tuple(self._nodes)
        self.leaving: list[list[tuple[int, int]]] = [[] for _ in self._modalities]
        cheapest: list[dict[int, int]] = [{} for _ in self._modalities]
        for rank, (source, target) in enumerate(ends):
            self.leaving[source].append((rank, target))
            known = cheapest[target].get(source)
            if known is None or self.costs[rank] < known:
                cheapest[target][source] = self.costs[rank]
        self._entering = [tuple(each.items()) for each in cheapest]
        self.reach = lru_cache(maxsize=64)(self._reach)
        self.hops_to = lru_cache(maxsize=64)(self._hops_to)

    def node(self, modality: Modality) -> int:
        """Find the number of a modality."""
        return self._nodes[modality]

    def modality(self, node: int) -> Modality:
        """Find the modality of a number."""
        return self._modalities[node]

    def path(self, start: int, ranks: Iterable[int]) -> EdgePath:
        """Make a path of the ranks of its edges."""
        return EdgePath(self._modalities[start], tuple(self.edges[rank] for rank in ranks))

    def distances_to(self, goal: int) -> Mapping[int, int]:
        """Measure how much each node that reaches the goal is away from it."""
        return self.reach(goal).settled

    def _reach(
        self,
        goal: int,
        avoid: frozenset[int] = frozenset(),
        until: frozenset[int] | None = None,
        limit: int | None = None,
    ) -> Reach:
        """Measure how much nodes are away from the goal; see `measure_costs`."""
        within = None if limit is None else self.hops_to(goal, limit)
        return measure_costs(self._entering, goal, avoid=avoid, until=until, within=within)

    def _hops_to(self, goal: int, limit: int | None) -> Mapping[int, int]:
        """Count the fewest edges from each node to the goal, where they are not too many."""
        return count_hops(self._entering, goal, limit)

    def ranks_of(self, name: str) -> tuple[int, ...]:
        """Find the edges of one model or oracle."""
        return self._ranks_by_name.get(name, ())

    def maybe_distance(self, start: int, goal: int) -> int | None:
        """Measure one distance alone; much quicker than from everywhere."""
        try:
            found: tuple[int, list[int]] = nx.bidirectional_dijkstra(
                self._backward, goal, start, weight="weight"
            )
        except nx.NetworkXNoPath:
            return None
        return found[0]

    def nearest_to(self, goal: int, radius: int) -> Mapping[int, int]:
        """Measure how much each node is away from the goal that is no farther than that."""
        found: dict[int, int] = nx.single_source_dijkstra_path_length(
            self._backward, goal, cutoff=radius, weight="weight"
        )
        return found

    def _add(self, modality: Modality) -> int:
        return self._nodes.setdefault(modality, len(self._nodes))

    @cached_property
    def _ranks_by_name(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for rank, edge in enumerate(self.edges):
            found.setdefault(edge.name, []).append(rank)
        return {name: tuple(ranks) for name, ranks in found.items()}

    @cached_property
    def _backward(self) -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(self._modalities)))
        graph.add_weighted_edges_from(
            (after, before, cost)
            for after, entering in enumerate(self._entering)
            for before, cost in entering
        )
        return graph


def graph_of(
    catalog: Catalog, view: View = View.ALL, preference: Preference | None = None
) -> Graph:
    """Find or build the graph of one state of a registry; the last few stay built."""
    return _build(_Same(catalog), view, preference or Preference())


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A catalog, equal to itself alone; being held, its identity cannot pass to another."""

    catalog: Catalog

    @override
    def __hash__(self) -> int:
        return id(self.catalog)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.catalog is self.catalog


@lru_cache(maxsize=16)
def _build(same: _Same, view: View, preference: Preference) -> Graph:
    admitted = _ADMITTED[view]

    def cost(edge: Edge) -> int:
        return edge_cost(edge, preference) + (_lateness(edge) if view in _GUESSES_LAST else 0)

    edges = (
        edge for edge in same.catalog.find_edges() if admitted(edge) and preference.admits(edge)
    )
    return Graph(same.catalog.modalities, edges, cost)


def _order(edge: Edge) -> tuple[str, str, str, bool]:
    return edge.name, str(edge.source), str(edge.target), isinstance(edge, Oracle)
