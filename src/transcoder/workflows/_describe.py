"""Nouns as plain values, for scripts that read JSON."""

from collections.abc import Mapping
from dataclasses import asdict

from transcoder.planner import ExplainedPath, learning_graph
from transcoder.registry import Commit
from transcoder.vocabulary import (
    Catalog,
    Dataset,
    Edge,
    EdgePath,
    JsonValue,
    Opportunity,
    Oracle,
    Route,
    Score,
    Segment,
)
from transcoder.workflows._export_path import PathFile


def describe_catalog(catalog: Catalog) -> Mapping[str, JsonValue]:
    """List all that is registered, by kind and name."""
    return {
        "revision": catalog.revision,
        "modality_types": {
            name: {
                "parameters": list(each.parameters),
                "payload": each.payload.value if each.payload else None,
                "scored_against": [f"{s.by.value}: {s.against}" for s in each.scored_against],
            }
            for name, each in sorted(catalog.modality_types.items())
        },
        "modalities": {
            str(modality): {
                "spec": [str(tensor) for tensor in entry.spec.tensors] if entry.spec else None,
                "founder": entry.founder,
                "space": entry.space,
            }
            for modality, entry in sorted(
                catalog.modalities.items(), key=lambda item: str(item[0])
            )
        },
        "oracle_types": {
            name: f"{each.source} => {each.target}, {each.exactness.value}"
            for name, each in sorted(catalog.oracle_types.items())
        },
        "dataset_types": {
            name: [str(pattern) for pattern in each.modalities]
            for name, each in sorted(catalog.dataset_types.items())
        },
        "models": [
            describe_segment(segment)
            for key in sorted(catalog.segments, key=str)
            for segment in catalog.segments[key]
        ],
        "oracles": {
            name: describe_edge(each) for name, each in sorted(catalog.oracles.items())
        },
        "datasets": {
            name: _describe_dataset(each) for name, each in sorted(catalog.datasets.items())
        },
    }


def describe_segment(segment: Segment) -> Mapping[str, JsonValue]:
    """Give all that is known of one version of a segment."""
    return {
        "model": segment.name,
        "source": str(segment.source),
        "target": str(segment.target),
        "version": segment.version,
        "kind": segment.kind.value,
        "is_current": segment.is_current,
        "digest": segment.digest,
        "size_bytes": segment.signature.size_bytes if segment.signature else None,
        "parameters": segment.signature.parameters if segment.signature else None,
        "licence": segment.licence,
        "origin": segment.origin,
        "scores": {score.name: describe_score(score) for score in segment.scores},
        "lineage": segment.lineage,
    }


def describe_score(score: Score) -> Mapping[str, JsonValue]:
    """Give a score with its interval."""
    interval = [score.interval.low, score.interval.high] if score.interval else None
    return {"value": score.value, "interval": interval, "rows": score.rows}


def describe_edge(edge: Edge) -> Mapping[str, JsonValue]:
    """Say what one step of a path is."""
    kind = edge.exactness.value if isinstance(edge, Oracle) else edge.kind.value
    return {
        "name": edge.name,
        "kind": f"{kind} oracle" if isinstance(edge, Oracle) else kind,
        "source": str(edge.source),
        "target": str(edge.target),
        "version": edge.version,
        "licence": edge.licence,
    }


def describe_commit(commit: Commit) -> Mapping[str, JsonValue]:
    """Say what a commit did, or would do."""
    return {
        "revision": commit.revision,
        "changed": [str(each) for each in commit.changed],
        "retired": [str(each) for each in commit.retired],
        "left_behind": [str(each) for each in commit.left_behind],
    }


def describe_path(path: EdgePath) -> Mapping[str, JsonValue]:
    """Say what a path is, step by step."""
    return {
        "source": str(path.source),
        "target": str(path.target),
        "text": str(path),
        "edges": [describe_edge(edge) for edge in path.edges],
        "licences": list(licences_of(path)),
    }


def describe_explained(found: ExplainedPath) -> Mapping[str, JsonValue]:
    """Say what a path is, what each step costs, and why it is taken."""
    steps: list[JsonValue] = [
        {
            **describe_edge(each.edge),
            "cost": each.terms.total,
            "terms": asdict(each.terms),
            "latency_ms": each.latency_ms,
        }
        for each in found.edges
    ]
    return {
        **describe_path(found.path),
        "edges": steps,
        "cost": found.cost,
        "next_best": None if found.next_best is None else str(found.next_best),
        "next_cost": found.next_cost,
        "why": found.sentence,
    }


def licences_of(path: EdgePath) -> tuple[str, ...]:
    """Name the licences along a path, each once; `unknown` where one is not stated."""
    return tuple(dict.fromkeys(edge.licence or "unknown" for edge in path.edges))


def describe_path_file(found: PathFile) -> Mapping[str, JsonValue]:
    """Say what one ONNX file for a path takes, gives and leaves out."""
    return {
        "size_bytes": len(found.onnx),
        "inputs": [str(each) for each in found.signature.inputs],
        "outputs": [str(each) for each in found.signature.outputs],
        "before": [describe_edge(each) for each in found.before],
        "after": [describe_edge(each) for each in found.after],
        "difference": found.difference,
        **describe_path(found.path),
    }


def describe_opportunity(opportunity: Opportunity) -> Mapping[str, JsonValue]:
    """Give the learning graph of an opportunity."""
    return {
        "source": str(opportunity.source),
        "target": str(opportunity.target),
        "kind": opportunity.kind.value,
        "grade": opportunity.grade.name.lower(),
        "input": _describe_route(opportunity.input),
        "suffix": describe_path(opportunity.suffix),
        "reference": _describe_route(opportunity.reference),
        "scorer": opportunity.scorer.value,
        "per_row_ms": opportunity.cost.per_row_ms,
        "per_step_ms": opportunity.cost.per_step_ms,
        "sentence": opportunity.sentence,
        "graph": _describe_graph(opportunity),
    }


def _describe_graph(opportunity: Opportunity) -> Mapping[str, JsonValue]:
    graph = learning_graph(opportunity)
    nodes: list[JsonValue] = [asdict(each) for each in graph.nodes]
    edges: list[JsonValue] = [{**asdict(each), "when": each.when.value} for each in graph.edges]
    return {"nodes": nodes, "edges": edges}


def _describe_route(route: Route) -> Mapping[str, JsonValue]:
    return {"dataset": route.dataset, "column": route.column, **describe_path(route.path)}


def _describe_dataset(dataset: Dataset) -> Mapping[str, JsonValue]:
    return {
        "type": dataset.type,
        "loader": dataset.loader,
        "options": dataset.options,
        "columns": {column.name: str(column.modality) for column in dataset.columns},
        "group": dataset.group,
        "stratum": dataset.stratum,
        "licence": dataset.licence,
    }
