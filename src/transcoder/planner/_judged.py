"""Chains that tell how much of a sink's quality a transcoder keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from transcoder.planner._graph import View, graph_of
from transcoder.planner._preference import Preference, edge_cost
from transcoder.planner._routes import Search
from transcoder.planner._scoring import find_scorings
from transcoder.vocabulary import (
    Catalog,
    Column,
    Dataset,
    Edge,
    EdgePath,
    JudgedChain,
    Modality,
    Route,
    Scorer,
    Segment,
)

Sink: TypeAlias = tuple[Column, EdgePath, Scorer]
"""A reference, the path from B to its content, and how that is scored."""


def find_judged_chains(
    catalog: Catalog, source: Modality, target: Modality, dataset_name: str
) -> tuple[JudgedChain, ...]:
    """Find the chains through `M: A -> B` whose end a column of the dataset can judge.

    A chain is made of a column with a path to A, the transcoder, and a path from B to the
    content of a column, which is the reference, by a measure of that content against itself
    that only judges (such as exact match). The reference may be the column that is put in:
    what comes back must then be what went in. Beside it stands the native chain: a column with
    a path to B whose last edge is a segment of a network, then the same path from B. Where no
    network leads to B, a pivot stands in its place: an oracle that leads to B and the same path
    from there, or else the best path from another column to the reference's content. No chain
    takes a transcoder, what stands behind B takes no synthetic oracle, and what stands before
    A or B takes as few of them as it can, then costs as little as it can.

    There is one chain for each column that reaches A and each reference. Where there is neither
    a native chain nor a pivot there is none, for nothing could be divided by.

    Returns:
        In the order of the columns' names.

    Raises:
        UnknownNameError: If a modality or the dataset is not registered.
    """
    begin, end = catalog.resolve(source), catalog.resolve(target)
    dataset = catalog.dataset(dataset_name)
    search = Search(graph_of(catalog, View.NATIVE), 1, None)
    before = [
        (column.name, path)
        for column in _by_name(dataset)
        for path in search.find_paths(column.modality, begin)
    ]
    beside = [
        (sink, native)
        for sink in _find_sinks(catalog, dataset, end)
        if (native := _maybe_beside(catalog, dataset, end, sink)) is not None
    ]
    return tuple(
        JudgedChain(
            dataset=dataset.name,
            column=column,
            reference=reference.name,
            before=path,
            after=after,
            native=native.path,
            native_column=native.column,
            scorer=scorer,
            is_pivot=is_pivot,
        )
        for column, path in before
        for (reference, after, scorer), (native, is_pivot) in beside
    )


def _maybe_beside(
    catalog: Catalog, dataset: Dataset, target: Modality, sink: Sink
) -> tuple[Route, bool] | None:
    """Find what a chain is measured by, and whether that is a pivot."""
    reference, after, _ = sink
    encoders = [edge for edge in graph_of(catalog, View.NATIVE).edges if edge.target == target]
    networks = [edge for edge in encoders if isinstance(edge, Segment)]
    for edges in (networks, encoders):
        found = _maybe_encoded(catalog, dataset, edges)
        if found is not None:
            return replace(found, path=found.path.then(after)), edges is not networks
    pivot = _maybe_pivot(catalog, dataset, reference)
    return None if pivot is None else (pivot, True)


def _maybe_encoded(
    catalog: Catalog, dataset: Dataset, encoders: Sequence[Edge]
) -> Route | None:
    """Find the best route to a latent whose last edge is one of some."""
    search = Search(graph_of(catalog, View.NATIVE), 1, None)
    routes = (
        Route(dataset.name, column.name, path.then(EdgePath(edge.source, (edge,))))
        for edge in encoders
        for column in dataset.columns
        for path in search.find_paths(column.modality, edge.source, avoid=[edge.target])
    )
    return min(routes, key=_native_order, default=None)


def _maybe_pivot(catalog: Catalog, dataset: Dataset, reference: Column) -> Route | None:
    """Find the best route from other columns to what a reference holds."""
    search = Search(graph_of(catalog, View.NATIVE), 1, None)
    routes = (
        Route(dataset.name, column.name, path)
        for column in dataset.columns
        if column.modality != reference.modality
        for path in search.find_paths(column.modality, reference.modality)
    )
    return min(routes, key=_native_order, default=None)


def _find_sinks(catalog: Catalog, dataset: Dataset, target: Modality) -> Iterator[Sink]:
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


def _native_order(route: Route) -> tuple[bool, int, str]:
    edges = route.path.edges
    cost = sum(edge_cost(edge, Preference()) for edge in edges)
    return route.is_synthetic, cost, str(route)


def _by_name(dataset: Dataset) -> list[Column]:
    return sorted(dataset.columns, key=lambda column: column.name)
