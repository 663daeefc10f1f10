"""The planner beside a naive enumerator of its own definitions, on random small worlds."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.planner_worlds import TYPES, catalog, edge, kind, modality
from transcoder.errors import MixedSpacesError, NoPathError
from transcoder.planner import (
    PREFERENCES,
    Preference,
    edge_cost,
    find_opportunities,
    find_path,
    find_paths,
)
from transcoder.planner._scoring import find_scorings
from transcoder.vocabulary import (
    Catalog,
    Edge,
    EdgePath,
    Exactness,
    Grade,
    Modality,
    Oracle,
    Scorer,
    Segment,
    TargetKind,
)

LATENTS = ["{A}", "{B}", "text_latent@1"]
PLACES = [*LATENTS, "text<en>", "text<de>", "tokens<V>", "logits<V>", "spectrogram<V>"]
SCORED = (*TYPES, kind("text_latent", None, (Scorer.COSINE, "text_latent")))
LENGTH = 4


@st.composite
def edges(draw: st.DrawFn) -> Edge:
    source, target = draw(st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)))
    arrow = draw(st.sampled_from(["->", "->", "->", "=>", "~>"]))
    name = draw(st.sampled_from("uvwxyz")) if arrow == "->" else draw(st.sampled_from("opqrs"))
    is_transcoder = arrow == "->" and {source, target} <= set(LATENTS) and draw(st.booleans())
    rest = (
        draw(st.sampled_from([" transcoder 0.1", " transcoder 0.9"])) if is_transcoder else ""
    )
    return edge(f"{source} {arrow} {name} {arrow} {target}{rest}")


def identity(each: Edge) -> tuple[str, str, str]:
    return each.name, str(each.source), str(each.target)


@st.composite
def worlds(draw: st.DrawFn) -> Catalog:
    found = draw(
        st.lists(
            edges().filter(lambda each: each.source != each.target),
            min_size=5,
            max_size=12,
            unique_by=lambda each: each.name if isinstance(each, Oracle) else identity(each),
        )
    )
    contents = st.sampled_from(PLACES[2:])
    datasets = [
        f"{name}: x {draw(contents)}, y {draw(contents)}"
        for name in draw(st.sampled_from([["d"], ["d", "e"]]))
    ]
    return catalog(found, *datasets, types=SCORED, more=PLACES)


def order(
    path: EdgePath, preference: Preference = PREFERENCES["balanced"]
) -> tuple[int, list[tuple[str, str, str]]]:
    price = sum(edge_cost(each, preference) for each in path.edges)
    return price, [identity(each) for each in path.edges]


def route_order(path: EdgePath) -> tuple[int, int, list[tuple[str, str, str]]]:
    synthetic = sum(
        isinstance(each, Oracle) and each.exactness is Exactness.SYNTHETIC
        for each in path.edges
    )
    return synthetic, *order(path)


def met(pieces: list[str], place: Modality, last: Edge | None) -> frozenset[str]:
    names = {str(place)} | ({last.name} if last else set())
    return frozenset(names & set(pieces))


def walks(
    world: Catalog, source: Modality, target: Modality, pieces: list[str]
) -> Iterator[EdgePath]:
    """All walks that take no edge twice and return only with another piece met."""

    def go(path: EdgePath, states: list[tuple[Modality, frozenset[str]]]) -> Iterator[EdgePath]:
        place, have = states[-1]
        if place == target and have == frozenset(pieces):
            yield path
            return
        for each in world.find_edges():
            if each.source != place or each in path.edges:
                continue
            state = (each.target, have | met(pieces, each.target, each))
            if state not in states:
                yield from go(EdgePath(path.source, (*path.edges, each)), [*states, state])

    yield from go(EdgePath(source), [(source, met(pieces, source, None))])


def simple(world: Catalog, source: Modality, target: Modality) -> Iterator[EdgePath]:
    return (p for p in walks(world, source, target, []) if len(p.edges) <= LENGTH)


@settings(max_examples=150)
@given(
    world=worlds(),
    ends=st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)),
    pieces=st.lists(st.sampled_from([*"uvwop", *PLACES]), max_size=3, unique=True),
    k=st.integers(1, 9),
    preference=st.sampled_from(list(PREFERENCES.values())),
    oracles=st.booleans(),
)
def test_paths_equal_those_of_all_walks(  # one argument for each strategy
    world: Catalog,
    ends: tuple[str, str],
    pieces: list[str],
    k: int,
    preference: Preference,
    oracles: bool,  # noqa: FBT001 # Hypothesis gives it by name
) -> None:
    known = {each.name for each in world.find_edges()} | set(PLACES)
    pieces = [piece for piece in pieces if piece in known]
    source, target = modality(ends[0]), modality(ends[1])
    asked = replace(preference, allow_oracles=oracles)
    admitted = (
        walk
        for walk in walks(world, source, target, pieces)
        if oracles or walk.is_differentiable
    )
    wanted = sorted(admitted, key=lambda walk: order(walk, asked))[:k]
    try:
        found = list(find_paths(world, source, target, k=k, pieces=pieces, preference=asked))
    except (NoPathError, MixedSpacesError):
        found = []
    assert list(map(str, found)) == list(map(str, wanted))
    if wanted:
        best = find_path(world, source, target, pieces=pieces, preference=asked)
        assert best == wanted[0]


Found = tuple[TargetKind, Grade, str, str, str, str, Scorer]


def best(paths: Iterator[EdgePath]) -> EdgePath | None:
    return min(paths, key=route_order, default=None)


def routes(
    world: Catalog, name: str, target: Modality, *avoid: Modality
) -> dict[str, EdgePath]:
    found = {}
    for column in world.datasets[name].columns:
        path = best(
            p
            for p in simple(world, column.modality, target)
            if not set(avoid) & set(p.modalities)
        )
        if path is not None:
            found[column.name] = path
    return found


def grade(*paths: EdgePath) -> Grade:
    return Grade.SYNTHETIC if any(route_order(path)[0] for path in paths) else Grade.REAL


def suffixes(world: Catalog, source: Modality) -> dict[Modality, EdgePath]:
    found = {}
    for place in PLACES:
        path = best(
            p
            for p in simple(world, source, modality(place))
            if p.edges and all(isinstance(each, Segment) for each in p.edges)
        )
        if path is not None:
            found[modality(place)] = path
    return found


def matches(world: Catalog, a: Modality, b: Modality, name: str) -> Iterator[Found]:
    inputs, latent = routes(world, name, a), routes(world, name, b, a)
    for (x, given_), (y, wanted) in product(inputs.items(), latent.items()):
        texts = (f"{name}.{x}: {given_}", str(b), f"{name}.{y}: {wanted}")
        yield TargetKind.LATENT_MATCH, grade(given_, wanted), *texts, "", Scorer.MSE
    for point, suffix in suffixes(world, b).items():
        for scorer, against in find_scorings(world, point):
            if not scorer.is_differentiable:
                continue
            avoid = [a, b] if against.is_latent else [b]
            for y, wanted in routes(world, name, against, *avoid).items():
                for x, given_ in inputs.items():
                    texts = (f"{name}.{x}: {given_}", str(suffix), f"{name}.{y}: {wanted}")
                    kind_ = TargetKind.OUTPUT_MATCH
                    yield kind_, grade(given_, wanted), *texts, str(against), scorer


def others(world: Catalog, a: Modality, b: Modality) -> Iterator[Found]:
    back = best(
        p
        for p in simple(world, b, a)
        if all(isinstance(each, Segment) and each.is_transcoder for each in p.edges)
    )
    for name in world.datasets:
        for x, given_ in routes(world, name, a).items():
            begin = f"{name}.{x}: {given_}"
            if back is not None:
                kind_ = TargetKind.CYCLE
                yield kind_, Grade.CYCLE, begin, str(back), begin, "", Scorer.MSE
            for other in set(world.datasets) - {name}:
                for y, wanted in routes(world, other, b, a).items():
                    end = f"{other}.{y}: {wanted}"
                    kind_ = TargetKind.UNPAIRED
                    yield kind_, Grade.UNPAIRED, begin, str(b), end, "", Scorer.MSE


@settings(max_examples=150)
@given(world=worlds(), ends=st.permutations(LATENTS))
def test_opportunities_equal_those_of_the_definition(world: Catalog, ends: list[str]) -> None:
    a, b = modality(ends[0]), modality(ends[1])
    wanted = [*others(world, a, b)]
    for name in world.datasets:
        wanted += matches(world, a, b, name)
    found = find_opportunities(world, a, b, max_length=LENGTH)
    told = [
        (
            each.kind,
            each.grade,
            str(each.input),
            str(each.suffix),
            str(each.reference),
            str(each.reference.path.target) if each.kind is TargetKind.OUTPUT_MATCH else "",
            each.scorer,
        )
        for each in found
    ]
    assert sorted(told) == sorted(wanted)
    ranks = [(each.grade, each.cost.total) for each in found]
    assert ranks == sorted(ranks)


@settings(max_examples=50)
@given(world=worlds(), ends=st.permutations(LATENTS))
def test_asking_twice_gives_the_same_answer(world: Catalog, ends: list[str]) -> None:
    a, b = modality(ends[0]), modality(ends[1])
    again = catalog(
        list(reversed(list(world.find_edges()))), types=SCORED, more=reversed(PLACES)
    )
    shuffled = Catalog(
        modality_types=world.modality_types,
        modalities=again.modalities,
        oracles=again.oracles,
        datasets=dict(reversed(list(world.datasets.items()))),
        segments=again.segments,
    )
    assert find_opportunities(world, a, b, k=2) == find_opportunities(shuffled, a, b, k=2)
