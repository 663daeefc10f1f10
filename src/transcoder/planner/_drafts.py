"""The learning graphs that could train a transcoder, before they are ranked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from transcoder.planner._graph import View, graph_of
from transcoder.planner._routes import DatasetLanes, Lane, Search, Suffix
from transcoder.planner._scoring import find_scorings
from transcoder.vocabulary import (
    Catalog,
    Cost,
    EdgePath,
    Grade,
    Modality,
    Opportunity,
    Scorer,
    TargetKind,
)

_STEP_PASSES = 3.0
"""What a step takes of the suffix, in forward passes: one forward, about two backward."""


@dataclass(frozen=True, slots=True)
class Task:
    """One question for opportunities; its arguments are those of `find_opportunities`."""

    catalog: Catalog
    source: Modality
    target: Modality
    k: int
    max_length: int

    def search(self, view: View) -> Search:
        """Look for paths among some of the edges."""
        return Search(graph_of(self.catalog, view), self.k, self.max_length)


@dataclass(frozen=True, slots=True)
class Draft:
    """An opportunity with the words that it is ordered by."""

    kind: TargetKind
    input: Lane
    suffix: Suffix
    reference: Lane
    scorer: Scorer

    @property
    def grade(self) -> Grade:
        """How much the pairs are worth."""
        if self.kind is TargetKind.CYCLE:
            return Grade.CYCLE
        if self.kind is TargetKind.UNPAIRED:
            return Grade.UNPAIRED
        synthetic = self.input.is_synthetic or self.reference.is_synthetic
        return Grade.SYNTHETIC if synthetic else Grade.REAL

    @property
    def cost(self) -> Cost:
        """What it asks for; a cycle walks its one route once."""
        routes = [self.input] if self.kind is TargetKind.CYCLE else [self.input, self.reference]
        per_row = sum(lane.row_ms for lane in routes)
        return Cost(per_row, _STEP_PASSES * self.suffix.row_ms)

    @property
    def words(self) -> tuple[str, ...]:
        """What orders drafts of one grade and cost."""
        texts = (self.input.text, self.suffix.text, self.reference.text)
        return self.kind, *texts, self.scorer

    def finish(self, source: Modality, target: Modality) -> Opportunity:
        """Make the noun of it."""
        return Opportunity(
            source,
            target,
            self.kind,
            self.grade,
            self.input.route,
            self.suffix.path,
            self.reference.route,
            self.scorer,
            self.cost,
        )


Group: TypeAlias = Iterable[Draft]
"""All combinations of routes of one opportunity."""


def find_drafts(task: Task) -> Iterator[Group]:
    """Give the combinations of routes of every opportunity, in no particular order."""
    routes = task.search(View.ROUTES)
    datasets = tuple(task.catalog.datasets.values())
    inputs = routes.find_lanes(datasets, task.source)
    if not inputs:
        return
    matches = routes.find_lanes(datasets, task.target, avoid=[task.source])
    yield from _find_latent(task, inputs, matches)
    yield from _find_output(task, inputs)
    yield from _find_cycles(task, inputs)
    yield from _find_unpaired(task, inputs, matches)


def _find_latent(task: Task, inputs: DatasetLanes, matches: DatasetLanes) -> Iterator[Group]:
    bare = (Suffix.of(EdgePath(task.target)),)
    yield from _pair(TargetKind.LATENT_MATCH, inputs, bare, matches, Scorer.MSE)


def _find_output(task: Task, inputs: DatasetLanes) -> Iterator[Group]:
    routes, segments = task.search(View.ROUTES), task.search(View.SEGMENTS)
    datasets = tuple(task.catalog.datasets[name] for name in inputs)
    for path in segments.find_suffixes(task.target):
        point = path.target
        for scorer, against in find_scorings(task.catalog, point):
            shunned = {task.target, task.source} if against.is_latent else {task.target}
            if against in shunned or not scorer.is_differentiable:
                continue
            references = routes.find_lanes(datasets, against, avoid=shunned)
            if references:
                paths = (path,) if task.k == 1 else segments.find_paths(task.target, point)
                suffixes = tuple(Suffix.of(each) for each in paths)
                yield from _pair(TargetKind.OUTPUT_MATCH, inputs, suffixes, references, scorer)


def _find_cycles(task: Task, inputs: DatasetLanes) -> Iterator[Group]:
    back = task.search(View.TRANSCODERS).find_paths(task.target, task.source)
    suffixes = tuple(Suffix.of(path) for path in back)
    if not suffixes:
        return
    for lanes in inputs.values():
        for several in lanes.values():
            yield [
                Draft(TargetKind.CYCLE, lane, suffix, lane, Scorer.MSE)
                for lane, suffix in product(several, suffixes)
            ]


def _find_unpaired(task: Task, inputs: DatasetLanes, matches: DatasetLanes) -> Iterator[Group]:
    bare = Suffix.of(EdgePath(task.target))
    for (mine, given), (other, wanted) in product(inputs.items(), matches.items()):
        if mine == other:
            continue
        for lanes, references in product(given.values(), wanted.values()):
            yield [
                Draft(TargetKind.UNPAIRED, lane, bare, reference, Scorer.MSE)
                for lane, reference in product(lanes, references)
            ]


def _pair(
    kind: TargetKind,
    inputs: DatasetLanes,
    suffixes: tuple[Suffix, ...],
    references: DatasetLanes,
    scorer: Scorer,
) -> Iterator[Group]:
    """Put each column's routes beside those of each column of the same dataset."""
    for name in inputs.keys() & references.keys():
        pairs = product(inputs[name].values(), references[name].values())
        for lanes, wanted in pairs:
            yield [
                Draft(kind, lane, suffix, reference, scorer)
                for lane, suffix, reference in product(lanes, suffixes, wanted)
            ]
