"""Routes from the columns of datasets, and suffixes behind the missing transcoder."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import Self, TypeAlias

from transcoder.planner._graph import Graph
from transcoder.planner._preference import latency_ms
from transcoder.planner._walk import Ranks, Root, Walker
from transcoder.vocabulary import Dataset, EdgePath, Modality, Route


@dataclass(frozen=True, slots=True)
class Lane:
    """A route with what is asked of it again and again.

    Attributes:
        route: From a column.
        text: The route in words, to order by.
        row_ms: What it costs for each row.
        is_synthetic: Whether a synthetic oracle or a transcoder stands on it.
    """

    route: Route
    text: str
    row_ms: float
    is_synthetic: bool

    @classmethod
    def of(cls, route: Route) -> Self:
        """Look at a route once."""
        return cls(route, str(route), row_ms(route.path), route.is_synthetic)


DatasetLanes: TypeAlias = Mapping[str, Mapping[str, tuple[Lane, ...]]]
"""The best routes from columns, by the dataset's and the column's name."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """A path behind the missing transcoder with what is asked of it again and again."""

    path: EdgePath
    text: str
    row_ms: float

    @classmethod
    def of(cls, path: EdgePath) -> Self:
        """Look at a path once."""
        return cls(path, str(path), row_ms(path))


@dataclass(frozen=True, slots=True)
class Search:
    """How to look for paths in one view of a catalog.

    Attributes:
        graph: Where to look.
        k: How many paths between two modalities, cheapest first.
        limit: The most edges that a path may have, or None.
    """

    graph: Graph
    k: int
    limit: int | None

    def find_paths(
        self,
        source: Modality,
        target: Modality,
        avoid: Collection[Modality] = (),
        beside: Iterable[Modality] = (),
    ) -> Iterator[EdgePath]:
        """Give the best paths, cheapest first, equal ones by name, around some nodes.

        Args:
            source: Where to begin.
            target: Where to end.
            avoid: What no path may touch.
            beside: Where else will be begun, for the same target; all are measured together.
        """
        graph = self.graph
        start, goal = graph.node(source), graph.node(target)
        shunned = frozenset(graph.node(each) for each in avoid)
        hops = graph.hops_to(goal, self.limit)
        if start not in hops or shunned & {start, goal}:
            return
        starts = frozenset(map(graph.node, beside)) | {start}
        wanted = frozenset(node for node in starts if node in hops) - shunned
        reach = graph.reach(goal, shunned, wanted, self.limit)
        walker = Walker(
            graph,
            lambda state: reach.at_least(state[0]),
            limit=self.limit,
            hops=hops,
            avoid=shunned,
        )
        if reach.at_least(start) < inf:
            for ranks in islice(walker.find_paths(start, (goal, 0)), self.k):
                yield graph.path(start, ranks)

    def find_lanes(
        self, datasets: Sequence[Dataset], target: Modality, avoid: Collection[Modality] = ()
    ) -> DatasetLanes:
        """Find the best routes from every column that has one, by dataset and column."""
        starts = dict.fromkeys(
            column.modality for dataset in datasets for column in dataset.columns
        )
        known = {
            begin: tuple(self.find_paths(begin, target, avoid, beside=starts))
            for begin in starts
        }
        found: dict[str, dict[str, tuple[Lane, ...]]] = {}
        for dataset in datasets:
            lanes = {
                column.name: tuple(
                    Lane.of(Route(dataset.name, column.name, path))
                    for path in known[column.modality]
                )
                for column in dataset.columns
                if known[column.modality]
            }
            if lanes:
                found[dataset.name] = lanes
        return found

    def find_suffixes(self, source: Modality) -> Iterator[EdgePath]:
        """Give the best path of at least one edge to every modality within reach."""
        start = self.graph.node(source)
        walker = Walker(self.graph, lambda _state: 0, limit=self.limit)
        reached: dict[int, Ranks] = {}
        for ranks, (node, _) in walker.find_ends(Root((start, 0))):
            reached.setdefault(node, ranks)
        for ranks in reached.values():
            if ranks:
                yield self.graph.path(start, ranks)


def row_ms(path: EdgePath) -> float:
    """Estimate what a path costs for each row, in milliseconds of one core."""
    return sum(latency_ms(edge) for edge in path.edges)
