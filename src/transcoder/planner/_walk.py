"""Cheapest paths in order, by Yen's method over a search that is led by exact distances.

Yen, "Finding the K shortest loopless paths in a network", Management Science 17 (1971);
the deviations of Lawler, Management Science 18 (1972), each looked for only when its bound
comes to the front. Where a cheapest way takes an edge twice, the search is repeated with that
edge's use as a part of the state, until none is taken twice.
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
        self, root: Root, barred: Collection[int] = (), once: Collection[int] = ()
    ) -> Iterator[tuple[Ranks, State]]:
        """Reach every state by its cheapest way from the end of a root, nearest first.

        Args:
            root: What was walked already.
            barred: Ranks that may not come first.
            once: Ranks that may not come twice; any other may.

        Yields:
            The ranks after the root and where they lead; where a limit stands, a state again
            if a dearer way to it is shorter, and where ranks come once, if others are used.
        """
        heap: list[tuple[float, Ranks, int, State]] = [(0, (), 0, root.end)]
        lengths: dict[tuple[State, Ranks], int] = {}
        room = inf if self.limit is None else self.limit - len(root.ranks)
        while heap:
            _, ranks, cost, state = heappop(heap)
            length = 0 if self.limit is None else len(ranks)
            used = tuple(sorted(rank for rank in ranks if rank in once)) if once else ()
            if lengths.get((state, used), inf) <= length:
                continue
            lengths[state, used] = length
            yield ranks, state
            ahead = room - len(ranks) - 1
            if ahead < 0:
                continue
            forbidden = (*root.ranks, *used) if ranks else (*root.ranks, *barred)
            for rank, after in self._onward(state, ahead, {*forbidden}):
                if after in root.states:
                    continue
                reached = cost + self.graph.costs[rank]
                estimate = reached + self.remaining(after)
                if estimate < inf and (once or lengths.get((after, ()), inf) > length):
                    heappush(heap, (estimate, (*ranks, rank), reached, after))

    def _onward(
        self, state: State, ahead: float, forbidden: Collection[int]
    ) -> Iterator[tuple[int, State]]:
        """Give the edges that may be taken from a state, with so many allowed behind them."""
        node, met = state
        has_pieces = bool(self.met_on or self.met_at)
        for rank, target in self.graph.leaving[node]:
            if rank in forbidden or target in self.avoid:
                continue
            if self.hops is None or self.hops.get(target, inf) <= ahead:
                yield rank, self.step(state, rank, target) if has_pieces else (target, met)

    def find_paths(self, start: int, goal: State) -> Iterator[Ranks]:
        """Give the paths from a node to a state, cheapest first, equal ones by name.

        No state comes twice on a path, so without pieces no node; and no edge comes twice.
        """
        done: list[Ranks] = []
        waiting: list[tuple[float, bool, Ranks, int]] = [(0, False, (), 0)]
        while waiting:
            _, is_whole, ranks, branch = heappop(waiting)
            if is_whole:
                yield ranks
                done.append(ranks)
                for place in range(branch, len(ranks)):
                    bound = self._bound(start, ranks[:place], done)
                    if bound < inf:
                        heappush(waiting, (bound, False, ranks[:place], place))
                continue
            found = self._deviate(start, ranks, goal, done)
            if found is not None:
                heappush(waiting, (self._cost(found), True, found, branch))

    def _bound(self, start: int, ranks: Ranks, done: Collection[Ranks]) -> float:
        """Say what a path that begins with these ranks and leaves all done costs at least."""
        root = self._root(start, ranks)
        node, barred = root.end[0], _following(ranks, done)
        return self._cost(ranks) + min(
            (
                self.graph.costs[rank] + self.remaining(self.step(root.end, rank, target))
                for rank, target in self.graph.leaving[node]
                if rank not in barred and rank not in ranks
            ),
            default=inf,
        )

    def _deviate(
        self, start: int, ranks: Ranks, goal: State, done: Collection[Ranks]
    ) -> Ranks | None:
        """Find the best path that begins with these ranks and then leaves all paths done."""
        root, barred = self._root(start, ranks), _following(ranks, done)
        once: frozenset[int] = frozenset()
        while True:
            ends = self.find_ends(root, barred, once)
            following = next((each for each, state in ends if state == goal), None)
            if following is None:
                return None
            twice = {rank for rank in following if following.count(rank) > 1}
            if not twice:
                return (*ranks, *following)
            once |= twice

    def _root(self, start: int, ranks: Ranks) -> Root:
        states = [self.begin(start)]
        for rank in ranks:
            states.append(self.step(states[-1], rank, self.graph.ends[rank]))
        return Root(states[-1], ranks, frozenset(states))

    def _cost(self, ranks: Ranks) -> int:
        return sum(self.graph.costs[rank] for rank in ranks)


def _following(ranks: Ranks, done: Collection[Ranks]) -> frozenset[int]:
    """Give the ranks by which paths that are done go on behind a beginning."""
    place = len(ranks)
    return frozenset(path[place] for path in done if path[:place] == ranks)
