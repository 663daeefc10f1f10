"""The best paths from one modality to another."""

from collections.abc import Sequence
from itertools import islice

from transcoder.errors import MixedSpacesError, NoPathError, UnknownNameError
from transcoder.planner._graph import View, graph_of
from transcoder.planner._missing import explain_missing, explain_missing_set, find_missing
from transcoder.planner._preference import Preference, edge_cost
from transcoder.planner._tour import Tour
from transcoder.planner._walk import Walker
from transcoder.vocabulary import Catalog, EdgePath, Modality

_ANY = Preference()


def find_path(
    catalog: Catalog,
    source: Modality,
    target: Modality,
    *,
    pieces: Sequence[str] = (),
    preference: Preference = _ANY,
) -> EdgePath:
    """Find the best path; see `find_paths`.

    Raises:
        UnknownNameError: If an end, a piece or an excluded name is not registered.
        MixedSpacesError: If all that is missing leads from one version of a latent to another.
        NoPathError: If there is none; it says what would make one.
    """
    (path,) = find_paths(catalog, source, target, k=1, pieces=pieces, preference=preference)
    return path


def find_paths(
    catalog: Catalog,
    source: Modality,
    target: Modality,
    *,
    k: int,
    pieces: Sequence[str] = (),
    preference: Preference = _ANY,
) -> tuple[EdgePath, ...]:
    """Find the k best paths, cheapest first, equally cheap ones in the order of names.

    Without pieces no modality comes twice on a path. With pieces a path returns to a modality
    only if it has met another piece meanwhile; no edge comes twice.

    Args:
        catalog: What is registered; only current, runnable segments and oracles are walked.
        source: Where to begin; an open standard latent is its newest version.
        target: Where to end, likewise.
        k: At most how many; two ways between the same modalities make two paths.
        pieces: Models, oracles or modalities that must be on the path, in any order.
        preference: What makes a path better than another.

    Returns:
        At least one path.

    Raises:
        UnknownNameError: If an end, a piece or an excluded name is not registered.
        MixedSpacesError: If all that is missing leads from one version of a latent to another.
        NoPathError: If there is none; it says what would make one.
    """
    begin, end = catalog.resolve(source), catalog.resolve(target)
    _check_excluded(catalog, preference)
    if k == 1 and not pieces:
        path = _maybe_path(catalog, begin, end, preference)
        paths: tuple[EdgePath, ...] = () if path is None else (path,)
    else:
        paths = _tour(catalog, begin, end, k=k, pieces=pieces, preference=preference)
    if not paths:
        raise _no_path(catalog, begin, end, pieces=pieces, preference=preference)
    return paths


def path_cost(path: EdgePath, preference: Preference = _ANY) -> float:
    """Price a whole path in the light of a preference; what `find_paths` orders by."""
    return sum(edge_cost(edge, preference) for edge in path.edges) / 1e6


def _check_excluded(catalog: Catalog, preference: Preference) -> None:
    if preference.exclude:
        known = {key.model for key in catalog.segments} | set(catalog.oracles)
        for name in sorted(preference.exclude - known):
            raise UnknownNameError("model or oracle", name, known)


def _no_path(
    catalog: Catalog,
    source: Modality,
    target: Modality,
    *,
    pieces: Sequence[str],
    preference: Preference,
) -> NoPathError | MixedSpacesError:
    for kept, reason in (
        (preference, "with these pieces"),
        (_ANY, "that the preference admits"),
    ):
        walked = _maybe_path(catalog, source, target, kept)
        if walked is not None:
            advice = f"there is none {reason}, but without that there is {walked}"
            detour = explain_missing_set(catalog, source, target, pieces)
            if detour is not None:
                advice = f"with {detour}"
            return NoPathError(str(source), str(target), advice)
    missing = find_missing(catalog, source, target)
    if missing is not None and missing.is_between_versions:
        return MixedSpacesError(str(missing.source), str(missing.target))
    detour = explain_missing_set(catalog, source, target, pieces) if pieces else None
    advice = f"with {detour}" if detour else explain_missing(catalog, source, target)
    return NoPathError(str(source), str(target), advice)


def _maybe_path(
    catalog: Catalog, source: Modality, target: Modality, preference: Preference
) -> EdgePath | None:
    """Find the best path by meeting in the middle: the goal's near half leads the search."""
    graph = graph_of(catalog, View.ALL, preference)
    start, goal = graph.node(source), graph.node(target)
    distance = graph.maybe_distance(start, goal)
    if distance is None:
        return None
    half = distance // 2
    near = graph.nearest_to(goal, half)
    walker = Walker(graph, lambda state: near.get(state[0], half))
    return next(graph.path(start, ranks) for ranks in walker.find_paths(start, (goal, 0)))


def _tour(
    catalog: Catalog,
    source: Modality,
    target: Modality,
    *,
    k: int,
    pieces: Sequence[str],
    preference: Preference,
) -> tuple[EdgePath, ...]:
    graph = graph_of(catalog, View.ALL, preference)
    start, goal = graph.node(source), graph.node(target)
    tour = Tour(catalog, graph, goal, pieces)
    walker = Walker(graph, tour.remaining, met_on=tour.met_on, met_at=tour.met_at)
    found = islice(walker.find_paths(start, tour.goal), k)
    return tuple(graph.path(start, ranks) for ranks in found)
