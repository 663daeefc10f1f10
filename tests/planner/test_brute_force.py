"""The planner beside a naive enumerator of its own definitions, on random small worlds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.planner_worlds import TYPES, catalog, edge, kind, modality
from transcoder.errors import MixedSpacesError, NoPathError
from transcoder.planner import (
    Preference,
    edge_cost,
    find_opportunities,
    find_path,
    find_paths,
    latency_ms,
)
from transcoder.planner._scoring import find_scorings
from transcoder.vocabulary import (
    Catalog,
    Cost,
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
from transcoder.workflows import find_preferences, read_preference

LATENTS = ["{A}", "{B}", "text_latent@1"]
PLACES = [*LATENTS, "text<en>", "text<de>", "tokens<V>", "logits<V>", "spectrogram<V>"]
SCORED = (*TYPES, kind("text_latent", None, (Scorer.COSINE, "text_latent")))
LENGTH = 4
BALANCED = Preference()


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
def worlds(draw: st.DrawFn, least: int = 5, most: int = 12) -> Catalog:
    found = draw(
        st.lists(
            edges().filter(lambda each: each.source != each.target),
            min_size=least,
            max_size=most,
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
    path: EdgePath, preference: Preference = BALANCED
) -> tuple[int, list[tuple[str, str, str]]]:
    price = sum(edge_cost(each, preference) for each in path.edges)
    return price, [identity(each) for each in path.edges]


def route_order(path: EdgePath) -> tuple[int, int, int, list[tuple[str, str, str]]]:
    transcoders = sum(isinstance(each, Segment) and each.is_transcoder for each in path.edges)
    synthetic = sum(
        isinstance(each, Oracle) and each.exactness is Exactness.SYNTHETIC
        for each in path.edges
    )
    return transcoders, synthetic, *order(path)


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
    preference=st.sampled_from([read_preference(each) for each in find_preferences()]),
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


Ways = dict[str, list[EdgePath]]
Found = tuple[Grade, float, TargetKind, str, str, str, Scorer, str]
"""An opportunity in the order of its rank, and what an output is scored against."""


def best(paths: Iterator[EdgePath], k: int) -> list[EdgePath]:
    return sorted(paths, key=route_order)[:k]


def routes(world: Catalog, name: str, target: Modality, k: int, *avoid: Modality) -> Ways:
    found = {
        column.name: best(
            (
                path
                for path in simple(world, column.modality, target)
                if not set(avoid) & set(path.modalities)
            ),
            k,
        )
        for column in world.datasets[name].columns
    }
    return {column: paths for column, paths in found.items() if paths}


def suffixes(world: Catalog, source: Modality, k: int) -> Ways:
    found = {
        place: best(
            (
                path
                for path in simple(world, source, modality(place))
                if path.edges and all(isinstance(each, Segment) for each in path.edges)
            ),
            k,
        )
        for place in PLACES
    }
    return {place: paths for place, paths in found.items() if paths}


@dataclass(frozen=True)
class Definition:
    """The opportunities as `find_opportunities` defines them, by trying everything."""

    world: Catalog
    a: Modality
    b: Modality
    k: int

    def every(self) -> Iterator[Found]:
        for name in self.world.datasets:
            yield from self.latent_matches(name)
            yield from self.output_matches(name)
            yield from self.cycles(name)
            for other in set(self.world.datasets) - {name}:
                yield from self.unpaired(name, other)

    def latent_matches(self, name: str) -> Iterator[Found]:
        inputs = routes(self.world, name, self.a, self.k)
        latent = routes(self.world, name, self.b, self.k, self.a)
        for (x, given_), (y, wanted) in product(inputs.items(), latent.items()):
            begin, end = (f"{name}.{x}", given_), (f"{name}.{y}", wanted)
            bare = [EdgePath(self.b)]
            yield from self.ranked(TargetKind.LATENT_MATCH, begin, bare, end)

    def output_matches(self, name: str) -> Iterator[Found]:
        inputs = routes(self.world, name, self.a, self.k)
        for place, behind in suffixes(self.world, self.b, self.k).items():
            for scorer, against in find_scorings(self.world, modality(place)):
                avoid = [self.a, self.b] if against.is_latent else [self.b]
                outputs = routes(self.world, name, against, self.k, *avoid)
                for (x, given_), (y, wanted) in product(inputs.items(), outputs.items()):
                    if scorer.is_differentiable:
                        begin, end = (f"{name}.{x}", given_), (f"{name}.{y}", wanted)
                        yield from self.ranked(
                            TargetKind.OUTPUT_MATCH, begin, behind, end, scorer, str(against)
                        )

    def cycles(self, name: str) -> Iterator[Found]:
        back = best(
            (
                path
                for path in simple(self.world, self.b, self.a)
                if all(isinstance(e, Segment) and e.is_transcoder for e in path.edges)
            ),
            self.k,
        )
        for x, given_ in routes(self.world, name, self.a, self.k).items():
            begin = f"{name}.{x}", given_
            yield from self.ranked(TargetKind.CYCLE, begin, back, None)

    def unpaired(self, name: str, other: str) -> Iterator[Found]:
        for x, given_ in routes(self.world, name, self.a, self.k).items():
            for y, wanted in routes(self.world, other, self.b, self.k, self.a).items():
                begin, end = (f"{name}.{x}", given_), (f"{other}.{y}", wanted)
                yield from self.ranked(TargetKind.UNPAIRED, begin, [EdgePath(self.b)], end)

    def ranked(
        self,
        kind_: TargetKind,
        begin: tuple[str, list[EdgePath]],
        behind: list[EdgePath],
        end: tuple[str, list[EdgePath]] | None,
        scorer: Scorer = Scorer.MSE,
        against: str = "",
    ) -> list[Found]:
        """The k best combinations of the k best of each route; a cycle ends as it began."""
        found: list[Found] = []
        for given_, suffix, wanted in product(begin[1], behind, end[1] if end else [None]):
            taken = [given_] if wanted is None else [given_, wanted]
            cost = Cost(sum(map(row_ms, taken)), 3.0 * row_ms(suffix)).total
            text = f"{begin[0]}: {given_}"
            last = text if end is None else f"{end[0]}: {wanted}"
            grade_ = GRADES.get(kind_) or grade(*taken)
            found.append((grade_, cost, kind_, text, str(suffix), last, scorer, against))
        return sorted(found)[: self.k]


GRADES = {TargetKind.CYCLE: Grade.CYCLE, TargetKind.UNPAIRED: Grade.UNPAIRED}


def grade(*paths: EdgePath) -> Grade:
    guesses = any(any(route_order(path)[:2]) for path in paths)
    return Grade.SYNTHETIC if guesses else Grade.REAL


def row_ms(path: EdgePath) -> float:
    return sum(latency_ms(each) for each in path.edges)


@settings(max_examples=120)
@given(
    world=st.one_of(worlds(), worlds(10, 18)),
    ends=st.permutations(LATENTS),
    k=st.integers(1, 3),
)
def test_opportunities_equal_those_of_the_definition(
    world: Catalog, ends: list[str], k: int
) -> None:
    a, b = modality(ends[0]), modality(ends[1])
    wanted = sorted(Definition(world, a, b, k).every())
    found = find_opportunities(world, a, b, k=k, max_length=LENGTH)
    told = [
        (
            each.grade,
            each.cost.total,
            each.kind,
            str(each.input),
            str(each.suffix),
            str(each.reference),
            each.scorer,
            str(each.reference.path.target) if each.kind is TargetKind.OUTPUT_MATCH else "",
        )
        for each in found
    ]
    assert told == wanted


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
