"""The planner on registries of 100 to 100,000 edges, beside what networkx takes for the like.

Run:  python benchmarks/planner.py [--edges 100 1000 10000 100000] [--questions 30]

Each line is the median over as many different questions, of which none was asked before; the
graphs were built before, except in the line that builds them. Beside it stands the networkx
primitive on a DiGraph of the same edges, in the same run, question by question:
`bidirectional_dijkstra` for a path, one `single_source_dijkstra_path_length` a leg for pieces,
`shortest_simple_paths` for the 20 best, one `single_source_dijkstra_path_length` for
opportunities, `add_weighted_edges_from` for building. What networkx gives there is less: it
breaks no tie by name, knows no pieces, and of opportunities it gives only distances.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from random import Random

import networkx as nx
from synthetic import synthetic

from transcoder.errors import TranscoderError
from transcoder.planner import Preference, edge_cost, find_opportunities, find_path, find_paths
from transcoder.vocabulary import Catalog, Modality

_GOALS_MS = {
    (10_000, "path"): 10,
    (10_000, "opportunities"): 100,
    (100_000, "path"): 50,
}
_BEST = 20
_PIECES = 5

Question = Callable[[], object]


def seconds(action: Question) -> float:
    """Time one call; an answer of none is an answer."""
    start = time.perf_counter()
    with suppress(TranscoderError, nx.NetworkXNoPath):
        action()
    return time.perf_counter() - start


def digraph(catalog: Catalog) -> nx.DiGraph:
    """Build what networkx walks: the cheapest edge between each two modalities."""
    cheapest: dict[tuple[Modality, Modality], int] = {}
    for edge in catalog.find_edges():
        ends, cost = (edge.source, edge.target), edge_cost(edge, Preference())
        cheapest[ends] = min(cost, cheapest.get(ends, cost))
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((*ends, cost) for ends, cost in cheapest.items())
    return graph


def joined(
    graph: nx.DiGraph, places: list[Modality], random: Random
) -> Iterator[list[Modality]]:
    """Draw ends that a path joins, forever."""
    while True:
        ends = random.sample(places, 2)
        if ends[0] in graph and ends[1] in graph and nx.has_path(graph, *ends):
            yield ends


def questions(
    catalog: Catalog, graph: nx.DiGraph, random: Random
) -> Iterator[tuple[str, Question, Question]]:
    """One round: the name of each line, our call and that of networkx."""
    places = list(catalog.modalities)
    latents = [each for each in places if each.is_latent]
    source, target = next(joined(graph, places, random))
    yield (
        "path",
        lambda: find_path(catalog, source, target),
        lambda: nx.bidirectional_dijkstra(graph, source, target),
    )
    for count in range(1, _PIECES + 1):
        pieces = [next(joined(graph, places, random))[0] for _ in range(count)]
        start, end = next(joined(graph, places, random))
        yield (
            f"path with {count} pieces",
            lambda s=start, e=end, p=pieces: find_path(catalog, s, e, pieces=list(map(str, p))),
            lambda e=end, p=pieces: [
                nx.single_source_dijkstra_path_length(graph.reverse(copy=False), each)
                for each in [*p, e]
            ],
        )
    first, last = next(joined(graph, places, random))
    yield (
        f"{_BEST} best",
        lambda: find_paths(catalog, first, last, k=_BEST),
        lambda: list(islice(nx.shortest_simple_paths(graph, first, last, "weight"), _BEST)),
    )
    a, b = next(joined(graph, latents, random))
    yield (
        "opportunities",
        lambda: find_opportunities(catalog, a, b),
        lambda: nx.single_source_dijkstra_path_length(graph, a),
    )


def measure(edges: int, count: int) -> None:
    """Print the lines of one size."""
    catalog = synthetic(edges)
    graph = digraph(catalog)
    random = Random(1)  # noqa: S311 - a benchmark, not a secret
    for _, mine, _ in questions(catalog, graph, random):
        seconds(mine)  # builds the graphs
    times: dict[str, list[tuple[float, float]]] = {}
    for _ in range(count):
        for name, mine, theirs in questions(catalog, graph, random):
            times.setdefault(name, []).append((seconds(mine), seconds(theirs)))
    ends = next(joined(graph, list(catalog.modalities), random))
    for seed in range(3):
        fresh = synthetic(edges, seed)
        built = seconds(lambda fresh=fresh: find_path(fresh, *ends))
        again = seconds(lambda fresh=fresh: digraph(fresh))
        times.setdefault("graph, then a path", []).append((built, again))
    print(f"\n{edges:,} edges, {len(catalog.modalities):,} modalities, {count} questions")
    print(f"{'':22} {'transcoder':>13} {'slowest':>12} {'networkx':>13} {'ratio':>8}  goal")
    for name, pairs in times.items():
        mine_ms, theirs_ms = (
            statistics.median(side) * 1e3 for side in zip(*pairs, strict=True)
        )
        slowest_ms = max(pair[0] for pair in pairs) * 1e3
        goal = _GOALS_MS.get((edges, name))
        shown = "" if goal is None else f"{goal} ms: {'met' if mine_ms < goal else 'missed'}"
        print(
            f"{name:22} {mine_ms:10.2f} ms {slowest_ms:9.2f} ms {theirs_ms:10.2f} ms "
            f"{mine_ms / theirs_ms:7.2f}x  {shown}"
        )


def main() -> None:
    """Print medians, worst cases and ratios for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=30)
    asked = parser.parse_args()
    for edges in asked.edges:
        measure(edges, asked.questions)


if __name__ == "__main__":
    main()
