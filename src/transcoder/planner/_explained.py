"""Why a path is taken and not the next best."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from transcoder.planner._paths import find_paths, path_cost
from transcoder.planner._preference import Preference, Terms, edge_terms, latency_ms
from transcoder.vocabulary import Catalog, Edge, EdgePath


@dataclass(frozen=True, slots=True)
class ExplainedEdge:
    """One step and what it costs.

    Attributes:
        edge: The step.
        terms: Its weighted cost.
        latency_ms: Of one row, measured or estimated.
    """

    edge: Edge
    terms: Terms
    latency_ms: float


@dataclass(frozen=True, slots=True)
class ExplainedPath:
    """A path, what it costs, and what would be taken without it.

    Attributes:
        path: What is explained.
        edges: Its steps in order.
        cost: Of all steps.
        next_best: The best other path under the same conditions, if there is any.
        next_cost: Of that.
        sentence: Why this and not the next best.
    """

    path: EdgePath
    edges: tuple[ExplainedEdge, ...]
    cost: float
    next_best: EdgePath | None
    next_cost: float | None
    sentence: str


def explain_path(
    catalog: Catalog,
    path: EdgePath,
    *,
    pieces: Sequence[str] = (),
    preference: Preference | None = None,
) -> ExplainedPath:
    """Price each step of a path, and compare the whole with the best other path.

    Args:
        catalog: What is registered.
        path: What was found, under the same conditions.
        pieces: What had to be on it.
        preference: What made it better.
    """
    wanted = preference or Preference()
    best = find_paths(catalog, path.source, path.target, k=2, pieces=pieces, preference=wanted)
    other = next((each for each in best if each != path), None)
    return ExplainedPath(
        path,
        tuple(
            ExplainedEdge(each, edge_terms(each, wanted), latency_ms(each))
            for each in path.edges
        ),
        path_cost(path, wanted),
        other,
        None if other is None else path_cost(other, wanted),
        _compare(path, other, wanted),
    )


def _compare(path: EdgePath, other: EdgePath | None, preference: Preference) -> str:
    if other is None:
        return "it is the only path"
    more = path_cost(other, preference) - path_cost(path, preference)
    if not more:
        return f"{other} costs as much, and comes behind it by name"
    mine, theirs = _summed(path, preference), _summed(other, preference)
    parts = ", ".join(
        f"{name} {difference:+.4f}"
        for name in mine
        if round(difference := theirs[name] - mine[name], 4)
    )
    verb = "more" if more > 0 else "less"
    return f"{other} costs {abs(more):.4f} {verb} ({parts or 'by less than 0.0001 each'})"


def _summed(path: EdgePath, preference: Preference) -> dict[str, float]:
    terms = [edge_terms(each, preference) for each in path.edges]
    names = [each.name for each in fields(Terms)]
    return {name: sum(getattr(each, name) for each in terms) for name in names}
