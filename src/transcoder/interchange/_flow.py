"""Where the values of a graph pass, and past which of them nothing else gets.

A tensor lies on every path from the roots to the sinks if and only if no edge of the graph
passes over its place in the order of the file: a path that avoids it must at some point go
from a place before it to a place behind it. (These tensors are the dominators of the sinks,
https://doi.org/10.1145/357062.357071; for a graph without circles one sweep finds them.)
Each pass here looks at every edge once.
"""

from collections.abc import Collection, Iterator
from typing import final

from transcoder.interchange._dataflow import Dataflow


@final
class Flow:
    """The passes over one graph for one choice of roots and sinks.

    Every value and node has a place in one order, roots at 0, sinks at `end`. A value is
    *live* where its numbers depend on a root; a shape does not depend on numbers. It is *on
    the way* where it is live and a sink depends on it.

    Requires: nodes in order. Ensures: places grow along every edge.

    Args:
        dataflow: The graph.
        roots: Values from which paths begin.
        sinks: Values at which they end.
    """

    def __init__(
        self, dataflow: Dataflow, roots: Collection[int], sinks: Collection[int]
    ) -> None:
        self.dataflow = dataflow
        self.roots, self.sinks = frozenset(roots), frozenset(sinks)
        count = len(dataflow.names)
        self.node_places, self.places, self.end = _places(dataflow)
        self.live = [False] * count
        self.live_nodes = [False] * len(dataflow.nodes)
        self.depths = [0] * count
        self._find_live()
        self.on_way = [False] * count
        self.nodes_on_way = [False] * len(dataflow.nodes)
        self._find_on_way()
        self.available = [self.end + 1] * count
        self._find_available()
        self.first_use = [self.end + 1] * count
        self.last_use = [-1] * count
        self._find_uses()
        self.last_read = [-1] * count
        self._find_last_reads()
        self.reach = [
            self.end if each in self.sinks and self.on_way[each] else self.last_read[each]
            for each in range(count)
        ]
        self.passing = self._count_passing()

    def candidates(self) -> Iterator[int]:
        """Find the values at which the graph falls apart, in order.

        Ensures: no number passes by them; another node of the tail reads them.
        """
        for node, given in enumerate(self.dataflow.gives):
            if self.nodes_on_way[node]:
                yield from (each for each in given if self.is_cut(each))

    def is_cut(self, value: int) -> bool:
        """Say whether the graph falls apart at a value."""
        return (
            self.on_way[value]
            and value not in self.roots
            and self.passing[self.places[value]] == 0
            and self.last_read[value] >= 0
        )

    def passers(self, place: int) -> Iterator[int]:
        """Find the values that are used on both sides of a place."""
        for value, reach in enumerate(self.reach):
            if self.on_way[value] and self.places[value] < place < reach:
                yield value
        yield from (v for v, first, last in self.random_values() if first < place < last)

    def random_values(self) -> Iterator[tuple[int, int, int]]:
        """Find values drawn at random from no root, with their first and last use."""
        flow = self.dataflow
        for node, draws in enumerate(flow.draws):
            if draws and not self.live_nodes[node]:
                for value in flow.gives[node]:
                    if self.last_use[value] >= 0:
                        yield value, self.first_use[value], self.last_use[value]

    def shape_uses(self) -> Iterator[tuple[int, int]]:
        """Find nodes that take the shape of a live value, with that value."""
        flow = self.dataflow
        for node, only in enumerate(flow.takes_shape_only):
            if only and self.live[flow.reads[node][0]]:
                yield node, flow.reads[node][0]

    def uses_of_node(self, node: int) -> tuple[int, int]:
        """Find the first and last place at which a node works on what passes through."""
        given = self.dataflow.gives[node]
        if self.nodes_on_way[node]:
            return self.node_places[node], self.node_places[node]
        if self.live_nodes[node]:
            place = 1 + min((self.available[each] for each in given), default=self.end)
            return place, place
        first = min((self.first_use[each] for each in given), default=self.end + 1)
        return first, max((self.last_use[each] for each in given), default=-1)

    def _find_live(self) -> None:
        flow = self.dataflow
        for root in self.roots:
            self.live[root] = True
        for node, read in enumerate(flow.reads):
            if flow.takes_shape_only[node] or not any(self.live[each] for each in read):
                continue
            self.live_nodes[node] = True
            depth = 1 + max(self.depths[each] for each in read)
            for value in flow.gives[node]:
                self.live[value], self.depths[value] = True, depth

    def _find_on_way(self) -> None:
        flow = self.dataflow
        for sink in self.sinks:
            self.on_way[sink] = self.live[sink]
        for node in reversed(range(len(flow.nodes))):
            if self.live_nodes[node] and any(self.on_way[each] for each in flow.gives[node]):
                self.nodes_on_way[node] = True
                for value in flow.reads[node]:
                    self.on_way[value] = self.live[value]

    def _find_available(self) -> None:
        """Find up to which place a cut still leaves each value to the tail."""
        flow = self.dataflow
        for value in flow.inputs:
            if self.live[value]:
                self.available[value] = self.places[value]
        for node, given in enumerate(flow.gives):
            earliest = min((self.available[each] for each in flow.reads[node]), default=0)
            for value in given:
                if self.on_way[value]:
                    self.available[value] = self.places[value]
                elif self.live[value]:
                    self.available[value] = earliest

    def _find_uses(self) -> None:
        """Find the first and last place at which a value works on what passes through.

        What is not live passes the uses of its readers on to what it is made of.
        """
        flow = self.dataflow
        for output in flow.outputs:
            if not self.live[output]:
                self._use(output, self.end, self.end)
        for node in reversed(range(len(flow.nodes))):
            first, last = self.uses_of_node(node)
            for value in flow.reads[node] if last >= 0 else ():
                self._use(value, first, last)

    def _use(self, value: int, first: int, last: int) -> None:
        self.first_use[value] = min(self.first_use[value], first)
        self.last_use[value] = max(self.last_use[value], last)

    def _find_last_reads(self) -> None:
        """Find the last place at which a node on the way reads each value on it."""
        for node, read in enumerate(self.dataflow.reads):
            if self.nodes_on_way[node]:
                for value in read:
                    if self.on_way[value]:
                        self.last_read[value] = self.node_places[node]

    def _count_passing(self) -> list[int]:
        """Count for each place what passes over it."""
        steps = [0] * (self.end + 2)
        for before, behind in self._edges():
            if behind - before > 1:
                steps[before + 1] += 1
                steps[behind] -= 1
        passing, count = [], 0
        for step in steps:
            count += step
            passing.append(count)
        return passing

    def _edges(self) -> Iterator[tuple[int, int]]:
        flow = self.dataflow
        entries = [self.places[each] for each in self.roots if self.on_way[each]]
        yield 0, max(entries, default=0)
        for value, reach in enumerate(self.reach):
            if reach >= 0:
                yield self.places[value], reach
        for node, given in enumerate(flow.gives):
            if self.nodes_on_way[node]:
                last = max(self.places[each] for each in given if self.on_way[each])
                yield self.node_places[node], last
        for _, first, last in self.random_values():
            yield first, last


def _places(dataflow: Dataflow) -> tuple[list[int], list[int], int]:
    """Give places to nodes and values; what stands before all nodes comes first."""
    made = {value for given in dataflow.gives for value in given}
    places = [0] * len(dataflow.names)
    place = 1
    for value in range(len(dataflow.names)):
        if value not in made:
            places[value] = place
            place += 1
    node_places = []
    for given in dataflow.gives:
        node_places.append(place)
        for number, value in enumerate(given, place + 1):
            places[value] = number
        place += 1 + len(given)
    return node_places, places, place
