"""Cheapest paths in order, by Yen's method over a search that is led by exact distances.

Yen, "Finding the K shortest loopless paths in a network", Management Science 17 (1971);
the deviations of Lawler, Management Science 18 (1972).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from typing import TypeAlias

from transcoder.planner._graph import Graph

State: TypeAlias = tuple[int, int]
"""A node, and the set of required pieces that were met on the way to it, as bits."""

Ranks: TypeAlias = tuple[int, ...]
"""A path as the ranks of its edges; of equally cheap paths the smallest ranks come first."""

_PATIENCE = 1000
"""How many ways that take an edge twice are passed over before the search gives up."""


@dataclass(frozen=True, slots=True)
class Root:
    """The part of a path that is already walked; its states and edges may not recur."""

    end: State
    ranks: Ranks = ()
    states: frozenset[State] = frozenset()


@dataclass(frozen=True, slots=True)
class Walker:
    """Finds the paths from one state to others, cheapest first, equal ones by name.

    Attributes:
        graph: Where it walks.
        remaining: The cost from a state to the goal, or less; infinite where no way leads on.
        limit: The most edges that a path may have, or None.
        hops: The fewest edges from a node to the goal; a node without is too far. None where
            there is no goal, or no limit.
        avoid: Nodes that no path may touch.
        met_on: The pieces that an edge stands for, by rank.
        met_at: The pieces that a node stands for.
    """

    graph: Graph
    remaining: Callable[[State], float]
    limit: int | None = None
    hops: Mapping[int, int] | None = None
    avoid: frozenset[int] = frozenset()
    met_on: Mapping[int, int] = field(default_factory=dict)
    met_at: Mapping[int, int] = field(default_factory=dict)

    def begin(self, node: int) -> State:
        """Stand on a node with nothing but its own pieces met."""
        return node, self.met_at.get(node, 0)

    def step(self, state: State, rank: int, target: int) -> State:
        """Take one edge."""
        return target, state[1] | self.met_on.get(rank, 0) | self.met_at.get(target, 0)

    def find_ends(
        self, root: Root, barred: Collection[int] = ()
    ) -> Iterator[tuple[Ranks, State]]:
        """Reach every state by its cheapest way from the end of a root, nearest first.

        Args:
            root: What was walked already.
            barred: Ranks that may not come first.

        Yields:
            The ranks after the root and where they lead; where a limit stands, a state again
            if a dearer way to it is shorter.
        """
        heap: list[tuple[float, Ranks, int, State]] = [(0, (), 0, root.end)]
        lengths: dict[State, int] = {}
        room = inf if self.limit is None else self.limit - len(root.ranks)
        while heap:
            _, ranks, cost, state = heappop(heap)
            length = 0 if self.limit is None else len(ranks)
            if lengths.get(state, inf) <= length:
                continue
            lengths[state] = length
            yield ranks, state
            ahead = room - len(ranks) - 1
            forbidden = root.ranks if ranks else (*root.ranks, *barred)
            for rank, target in self.graph.leaving[state[0]]:
                after = self.step(state, rank, target)
                if rank in forbidden or after in root.states or not self._fits(target, ahead):
                    continue
                reached = cost + self.graph.costs[rank]
                estimate = reached + self.remaining(after)
                if estimate < inf and lengths.get(after, inf) > length:
                    heappush(heap, (estimate, (*ranks, rank), reached, after))

    def _fits(self, node: int, ahead: float) -> bool:
        """Whether a path may go to a node when so many edges are allowed behind it."""
        needed = 0 if self.hops is None else self.hops.get(node, inf)
        return needed <= ahead and node not in self.avoid

    def find_paths(self, start: int, goal: State) -> Iterator[Ranks]:
        """Give the paths from a node to a state, cheapest first, equal ones by name.

        No state comes twice on a path, so without pieces no node; and no edge comes twice.
        """
        done: list[Ranks] = []
        candidates: list[tuple[int, Ranks, int]] = []
        roots: list[Ranks] = [()]
        passed = 0
        while passed < _PATIENCE:
            for root in roots:
                found = self._deviate(start, root, goal, done)
                if found is not None:
                    heappush(candidates, (self._cost(found), found, len(root)))
            if not candidates:
                return
            _, ranks, branch = heappop(candidates)
            done.append(ranks)
            unique = _unique_length(ranks)
            if unique == len(ranks):
                yield ranks
            else:
                passed += 1
            roots = [ranks[:place] for place in range(branch, min(unique + 1, len(ranks)))]

    def _deviate(
        self, start: int, ranks: Ranks, goal: State, done: Collection[Ranks]
    ) -> Ranks | None:
        """Find the best path that begins with these ranks and then leaves all paths done."""
        states = [self.begin(start)]
        for rank in ranks:
            target = self.graph.ends[rank]
            states.append(self.step(states[-1], rank, target))
        root = Root(states[-1], ranks, frozenset(states))
        place = len(ranks)
        barred = {path[place] for path in done if path[:place] == ranks}
        for following, state in self.find_ends(root, barred):
            if state == goal:
                return (*ranks, *following)
        return None

    def _cost(self, ranks: Ranks) -> int:
        return sum(self.graph.costs[rank] for rank in ranks)


def _unique_length(ranks: Ranks) -> int:
    """Count the edges before the first one that was taken already."""
    for place, rank in enumerate(ranks):
        if rank in ranks[:place]:
            return place
    return len(ranks)
