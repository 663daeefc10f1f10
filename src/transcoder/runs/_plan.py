"""What one run trains on, and what it is judged by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from transcoder.errors import NoOpportunityError
from transcoder.planner import find_judged_chains, find_opportunities, require_opportunities
from transcoder.recipe import PrefixChoice, RunConfig, TargetChoice
from transcoder.vocabulary import (
    Catalog,
    Dataset,
    Edge,
    EdgePath,
    JudgedChain,
    Modality,
    Opportunity,
    Oracle,
    Route,
    Segment,
    Spec,
    TargetKind,
)

_KINDS = {
    TargetChoice.both: frozenset({TargetKind.LATENT_MATCH, TargetKind.OUTPUT_MATCH}),
    TargetChoice.latent: frozenset({TargetKind.LATENT_MATCH}),
    TargetChoice.output: frozenset({TargetKind.OUTPUT_MATCH}),
}

_LATENT = frozenset({TargetKind.LATENT_MATCH, TargetKind.UNPAIRED})
"""Kinds that compare latents themselves, so that their routes lead to both."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Opportunities that share one input route.

    Attributes:
        dataset: Where the rows come from.
        latent: The best way to pairs of latents.
        trained: What the loss is made of.
    """

    dataset: Dataset
    latent: Opportunity
    trained: tuple[Opportunity, ...]

    @property
    def name(self) -> str:
        """What tells it from others."""
        return str(self.input)

    @property
    def input(self) -> Route:
        """From the column to A."""
        return self.latent.input

    def stored_input(self, prefix: EdgePath) -> Route:
        """From the column to what the prefix takes; to A where there is no prefix."""
        kept = len(self.input.path.edges) - len(prefix.edges)
        path = EdgePath(self.input.path.source, self.input.path.edges[:kept])
        return replace(self.input, path=path)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The learning graph of one run, before anything is computed.

    Attributes:
        source: The latent A.
        target: The latent B.
        source_spec: What carries A.
        target_spec: What carries B.
        found: Every opportunity that the planner knows.
        feeds: What the loss uses; closed forms start from all, the first is judged.
        prefix: The frozen nets that run at each step; no edges where they run once.
        chains: The whole chains that are judged beside their native ones; those that what comes
            in by the first feed goes through stand first.
        source_pools: Where rows of A without partners come from.
        target_pools: Where rows of B without partners come from.
    """

    source: Modality
    target: Modality
    source_spec: Spec
    target_spec: Spec
    found: tuple[Opportunity, ...]
    feeds: tuple[Feed, ...]
    prefix: EdgePath
    chains: tuple[JudgedChain, ...]
    source_pools: tuple[Route, ...] = ()
    target_pools: tuple[Route, ...] = ()

    @property
    def dataset(self) -> Dataset:
        """Whose rows judge."""
        return self.feeds[0].dataset

    @property
    def has_pairs(self) -> bool:
        """Whether there are rows that lead to both latents."""
        return self.feeds[0].latent.kind is not TargetKind.UNPAIRED

    @property
    def is_judged(self) -> bool:
        """Whether rows or a chain can tell how good a transcoder is."""
        return self.has_pairs or bool(self.deciding)

    @property
    def deciding(self) -> tuple[JudgedChain, ...]:
        """By which of the chains candidates may be chosen: the first that can be."""
        route = self.feeds[0].input
        return tuple(
            each
            for each in self.chains
            if (each.dataset, each.column, each.before)
            == (route.dataset, route.column, route.path)
        )

    @property
    def trained(self) -> tuple[Opportunity, ...]:
        """All that the loss uses."""
        return tuple(each for feed in self.feeds for each in feed.trained)

    @property
    def digests(self) -> tuple[str, ...]:
        """Identity of every frozen thing that the result depends on, sorted."""
        paths = [each.input.path for each in self.trained]
        paths += [each.suffix for each in self.trained]
        paths += [each.reference.path for each in self.trained]
        paths += [feed.latent.reference.path for feed in self.feeds]
        for chain in self.chains:
            paths += [chain.before, chain.after, chain.native]
        paths += [route.path for route in (*self.source_pools, *self.target_pools)]
        return tuple(sorted({str(edge.digest) for path in paths for edge in path.edges}))


def plan_training(catalog: Catalog, config: RunConfig) -> TrainingPlan:
    """Choose what a run trains on: by default all opportunities of the best grade.

    Raises:
        NoOpportunityError: If nothing registered allows it; it says what is lacking.
        UnknownNameError: If a recipe names an oracle or a model that is not registered.
    """
    source = catalog.resolve(Modality.parse(config.transcoder.source))
    target = catalog.resolve(Modality.parse(config.transcoder.target))
    allowed = catalog.without(config.data.without)
    found = require_opportunities(allowed, source, target)
    feeds = tuple(
        _feed(catalog, latent, usable, config)
        for usable in _choices(allowed, found, config)
        for latent in _pairs(usable, config)
    )
    inputs, references = _pool_routes(catalog, found, config.data.pools)
    if feeds[0].latent.kind is TargetKind.UNPAIRED:
        references = (feeds[0].latent.reference, *references)
    live = config.prefix is PrefixChoice.live
    return TrainingPlan(
        source=source,
        target=target,
        source_spec=catalog.spec(source),
        target_spec=catalog.spec(target),
        found=found,
        feeds=feeds,
        prefix=shared_stretch(feeds) if live else EdgePath(source),
        chains=_chains(catalog, feeds, config),
        source_pools=inputs,
        target_pools=references,
    )


def passable(
    catalog: Catalog, source: Modality, target: Modality, names: Sequence[str]
) -> list[str]:
    """Find those of some oracles and models that rows for a transcoder may come in through.

    Raises:
        UnknownNameError: If one is not registered.
    """
    return [name for name in names if _through(catalog, source, target, name)]


def _through(
    catalog: Catalog, source: Modality, target: Modality, name: str
) -> list[Opportunity]:
    ways = find_opportunities(_without_rivals(catalog, name), source, target)
    return [each for each in ways if name in map(_named, each.input.path.edges)]


def _choices(
    allowed: Catalog, found: Sequence[Opportunity], config: RunConfig
) -> Iterator[Sequence[Opportunity]]:
    """Give the opportunities that feeds are made of, once for each edge to pass through."""
    if not config.data.through:
        yield found
    source, target = (allowed.resolve(found[0].source), allowed.resolve(found[0].target))
    for name in config.data.through:
        through = _through(allowed, source, target, name)
        if not through:
            reason = f"no route from a column to {source} passes {name!r}"
            raise NoOpportunityError(str(source), str(target), reason)
        yield [_with_best_target(each, found) for each in through]


def _with_best_target(given: Opportunity, found: Sequence[Opportunity]) -> Opportunity:
    """Compare what comes in by a named edge with what is best to compare with at all."""
    twins = (
        each
        for each in found
        if (each.kind, each.scorer, each.suffix.target, each.input.dataset)
        == (given.kind, given.scorer, given.suffix.target, given.input.dataset)
        and (each.input.column, each.reference.column)
        == (given.input.column, given.reference.column)
    )
    best = next(twins, given)
    return replace(given, suffix=best.suffix, reference=best.reference)


def _pairs(usable: Sequence[Opportunity], config: RunConfig) -> list[Opportunity]:
    """Give the first way to pairs for each input route of the best grade, or one without."""
    pinned = config.data.dataset
    pairs = [
        each
        for each in usable
        if each.kind is TargetKind.LATENT_MATCH
        and pinned in {None, each.input.dataset}
        and each.input.dataset not in config.data.pools
    ]
    apart = [
        each
        for each in usable
        if each.kind is TargetKind.UNPAIRED and pinned in {None, each.input.dataset}
    ]
    if not pairs and apart:
        return apart[:1]
    if not pairs:
        first = usable[0]
        reason = f"no pairs of {first.source} and {first.target} can be computed from a dataset"
        if pinned is not None:
            reason += f" named {pinned!r}"
        raise NoOpportunityError(str(first.source), str(first.target), reason)
    best = [each for each in pairs if each.grade is pairs[0].grade]
    return list({each.input: each for each in reversed(best)}.values())[::-1]


def _pool_routes(
    catalog: Catalog, found: Sequence[Opportunity], names: Sequence[str]
) -> tuple[tuple[Route, ...], tuple[Route, ...]]:
    """Find the cheapest route from each column of some datasets to either latent."""
    latent = [each for each in found if each.kind in _LATENT]
    inputs = _cheapest((each.input for each in latent), names)
    references = _cheapest((each.reference for each in latent), names)
    reached = {route.dataset for route in (*inputs, *references)}
    for name in names:
        if catalog.dataset(name).name not in reached:
            source, target = found[0].source, found[0].target
            reason = f"data.pools names {name!r}, of which no column reaches either"
            raise NoOpportunityError(str(source), str(target), reason)
    return inputs, references


def _cheapest(routes: Iterable[Route], names: Sequence[str]) -> tuple[Route, ...]:
    first: dict[tuple[str, str], Route] = {}
    for route in routes:
        if route.dataset in names:
            first.setdefault((route.dataset, route.column), route)
    return tuple(first.values())


def _feed(
    catalog: Catalog, latent: Opportunity, usable: Sequence[Opportunity], config: RunConfig
) -> Feed:
    cycles = config.weights.cycle > 0
    trained = tuple(
        each
        for each in usable
        if each.input == latent.input
        and (
            (each.kind is TargetKind.CYCLE and cycles)
            or (each.kind in _KINDS[config.target] and each.grade is latent.grade)
        )
    )
    if not trained and latent.kind is not TargetKind.UNPAIRED:
        reason = f"no opportunity fits target={config.target.value}"
        raise NoOpportunityError(str(latent.source), str(latent.target), reason)
    return Feed(catalog.dataset(latent.input.dataset), latent, trained)


def _without_rivals(catalog: Catalog, name: str) -> Catalog:
    """Leave out transcoders, which guess, and what else leads to where a named edge leads."""
    catalog.without([name])  # refuses what is not registered
    edges = list(catalog.find_edges())
    ends = {each.target for each in edges if _named(each) == name}
    rivals = {_named(each) for each in edges if each.target in ends or _guesses(each)}
    return catalog.without(rivals - {name})


def _guesses(edge: Edge) -> bool:
    return isinstance(edge, Segment) and edge.is_transcoder


def _named(edge: Edge) -> str:
    return edge.name if isinstance(edge, Oracle) else edge.key.model


def _chains(
    catalog: Catalog, feeds: Sequence[Feed], config: RunConfig
) -> tuple[JudgedChain, ...]:
    """Find every chain: what the feeds bring in first, then other native sources of A."""
    ends = feeds[0].latent.source, feeds[0].latent.target
    own = [feed.dataset.name for feed in feeds]
    others = sorted(catalog.datasets) if config.data.chain_rows else ()
    found = [
        chain
        for name in dict.fromkeys((*own, *others))
        for chain in find_judged_chains(catalog, *ends, name)
    ]
    fed = [
        replace(chain, column=feed.input.column, before=feed.input.path)
        for feed in feeds
        for chain in _by_reference(found, feed)
    ]
    return tuple(dict.fromkeys((*fed, *found)))[: None if config.data.chain_rows else 1]


def _by_reference(found: Sequence[JudgedChain], feed: Feed) -> Sequence[JudgedChain]:
    """Take one chain to each reference of a feed's dataset, those from its own column first."""
    mine = [each for each in found if each.dataset == feed.dataset.name]
    mine.sort(key=lambda each: each.column != feed.input.column)
    sinks = {(each.reference, each.scorer): each for each in reversed(mine)}
    return list(sinks.values())[::-1]


def shared_stretch(feeds: Sequence[Feed]) -> EdgePath:
    """The segments at the end of every input route, through which a torch module can run."""
    ends = [_last_segments(feed.input.path) for feed in feeds]
    shared = takewhile(lambda edges: len(set(edges)) == 1, zip(*ends, strict=False))
    kept = tuple(edges[0] for edges in shared)[::-1]
    return EdgePath(kept[0].source if kept else feeds[0].input.path.target, kept)


def _last_segments(path: EdgePath) -> list[Edge]:
    return list(takewhile(lambda edge: isinstance(edge, Segment), reversed(path.edges)))
