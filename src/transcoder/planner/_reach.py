"""How far modalities are from a goal, over numbered nodes and only as far as one asks."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import TypeAlias

Entering: TypeAlias = Sequence[Sequence[tuple[int, int]]]
"""For each node, where an edge to it begins and the least that such an edge costs."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of the ways to a goal.

    Attributes:
        settled: The cost from each node that is nearest to the goal.
        radius: No other node is nearer; infinite where no other reaches the goal.
    """

    settled: Mapping[int, int]
    radius: float

    def at_least(self, node: int) -> float:
        """Give the cost from a node, or a bound below it."""
        return self.settled.get(node, self.radius)


def measure_costs(
    entering: Entering,
    goal: int,
    *,
    avoid: frozenset[int] = frozenset(),
    until: Collection[int] | None = None,
    within: Container[int] | None = None,
) -> Reach:
    """Measure costs to a goal by Dijkstra's method, nearest nodes first.

    Args:
        entering: The edges.
        goal: Where all ways end.
        avoid: Nodes that no way may touch.
        until: Nodes whose cost is wanted; the rest is left alone once these are known.
        within: The nodes that a way may touch, if not all.
    """
    settled: dict[int, int] = {}
    seen: dict[int, int] = dict.fromkeys(avoid, -1)
    missing = None if until is None else set(until)
    heap = [(0, goal)]
    while heap:
        cost, node = heappop(heap)
        if node in settled:
            continue
        settled[node] = cost
        if missing is not None:
            missing.discard(node)
            if not missing:
                return Reach(settled, cost)
        for before, step in entering[node]:
            reached = cost + step
            known = seen.get(before)
            if known is not None and known <= reached:
                continue
            if within is None or before in within:
                seen[before] = reached
                heappush(heap, (reached, before))
    return Reach(settled, inf)


def count_hops(entering: Entering, goal: int, limit: int | None) -> Mapping[int, int]:
    """Count the fewest edges from each node to a goal, where they are not more than allowed."""
    found = {goal: 0}
    frontier = [goal]
    hops = 0
    while frontier and (limit is None or hops < limit):
        hops += 1
        after, frontier = frontier, []
        for node in after:
            for before, _ in entering[node]:
                if before not in found:
                    found[before] = hops
                    frontier.append(before)
    return found
