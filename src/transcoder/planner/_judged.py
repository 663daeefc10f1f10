"""Chains that tell how much of a sink's quality a transcoder keeps."""

from collections.abc import Iterator

from transcoder.planner._graph import View, graph_of
from transcoder.planner._preference import Preference, edge_cost
from transcoder.planner._routes import Search
from transcoder.planner._scoring import find_scorings
from transcoder.vocabulary import (
    Catalog,
    Column,
    Dataset,
    EdgePath,
    JudgedChain,
    Modality,
    Route,
    Scorer,
    Segment,
)


def find_judged_chains(
    catalog: Catalog, source: Modality, target: Modality, dataset_name: str
) -> tuple[JudgedChain, ...]:
    """Find the chains through `M: A -> B` whose end a column of the dataset can judge.

    A chain is made of a column with a path to A, the transcoder, and a path from B to the
    content of a column, which is the reference, by a measure of that content against itself
    that only judges (such as exact match). The reference may be the column that is put in:
    what comes back must then be what went in. Beside it stands the native chain: a column with
    a path to B whose last edge is a segment of a network, then the same path from B. No chain
    takes a transcoder, what stands behind B takes no synthetic oracle, and what stands before
    A or B takes as few of them as it can, then costs as little as it can.

    There is one chain for each column that reaches A and each reference. Where B has no native
    chain there is none, for nothing could be divided by.

    Returns:
        In the order of the columns' names.

    Raises:
        UnknownNameError: If a modality or the dataset is not registered.
    """
    begin, end = catalog.resolve(source), catalog.resolve(target)
    dataset = catalog.dataset(dataset_name)
    native = _maybe_native(catalog, dataset, end)
    if native is None:
        return ()
    search = Search(graph_of(catalog, View.NATIVE), 1, None)
    return tuple(
        JudgedChain(
            dataset=dataset.name,
            column=column.name,
            reference=reference.name,
            before=before,
            after=after,
            native=native.path.then(after),
            native_column=native.column,
            scorer=scorer,
        )
        for column in _by_name(dataset)
        for before in search.find_paths(column.modality, begin)
        for reference, after, scorer in _find_sinks(catalog, dataset, end)
    )


def _find_sinks(
    catalog: Catalog, dataset: Dataset, target: Modality
) -> Iterator[tuple[Column, EdgePath, Scorer]]:
    """Give the columns that can judge what comes out behind a latent."""
    search = Search(graph_of(catalog, View.NATIVE_EXACT), 1, None)
    for column in _by_name(dataset):
        content = column.modality
        if catalog.modality_type(content).payload is None:
            continue
        judges = [
            scorer
            for scorer, against in find_scorings(catalog, content)
            if against == content and not scorer.is_differentiable
        ]
        for after in search.find_paths(target, content):
            for scorer in judges:
                yield column, after, scorer


def _maybe_native(catalog: Catalog, dataset: Dataset, target: Modality) -> Route | None:
    """Find the best route to a latent through the network that the latent belongs to."""
    graph = graph_of(catalog, View.NATIVE)
    search = Search(graph, 1, None)
    routes = (
        Route(dataset.name, column.name, path.then(EdgePath(edge.source, (edge,))))
        for edge in graph.edges
        if isinstance(edge, Segment) and edge.target == target
        for column in dataset.columns
        for path in search.find_paths(column.modality, edge.source, avoid=[target])
    )
    return min(routes, key=_native_order, default=None)


def _native_order(route: Route) -> tuple[bool, int, str]:
    edges = route.path.edges
    cost = sum(edge_cost(edge, Preference()) for edge in edges)
    return route.is_synthetic, cost, str(route)


def _by_name(dataset: Dataset) -> list[Column]:
    return sorted(dataset.columns, key=lambda column: column.name)
