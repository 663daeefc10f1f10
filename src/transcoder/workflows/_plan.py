"""What one run trains on, and what it is judged by."""

from dataclasses import dataclass, replace
from itertools import takewhile

from transcoder.errors import NoOpportunityError
from transcoder.planner import find_judged_chains, require_opportunities
from transcoder.recipe import PrefixChoice, RunConfig, TargetChoice
from transcoder.vocabulary import (
    Catalog,
    Dataset,
    EdgePath,
    JudgedChain,
    Modality,
    Opportunity,
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


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The learning graph of one run, before anything is computed.

    Attributes:
        source: The latent A.
        target: The latent B.
        source_spec: What carries A.
        target_spec: What carries B.
        dataset: Where the rows come from.
        found: Every opportunity that the planner knows.
        trained: Those that the loss uses; they share one input route.
        latent: The best way to pairs of latents, for closed forms and latent scores.
        prefix: The frozen nets that run at each step; no edges where they run once.
        chain: The whole chain that is judged beside its native one, or None.
    """

    source: Modality
    target: Modality
    source_spec: Spec
    target_spec: Spec
    dataset: Dataset
    found: tuple[Opportunity, ...]
    trained: tuple[Opportunity, ...]
    latent: Opportunity
    prefix: EdgePath
    chain: JudgedChain | None

    @property
    def input(self) -> Route:
        """From the column to A."""
        return self.latent.input

    @property
    def stored_input(self) -> Route:
        """From the column to what the prefix takes; to A where there is no prefix."""
        edges = self.input.path.edges[: len(self.input.path.edges) - len(self.prefix.edges)]
        return replace(self.input, path=EdgePath(self.input.path.source, edges))

    @property
    def latent_reference(self) -> Route:
        """From the column to B."""
        return self.latent.reference

    @property
    def digests(self) -> tuple[str, ...]:
        """Identity of every frozen thing that the result depends on, sorted."""
        paths = [each.input.path for each in self.trained]
        paths += [each.suffix for each in self.trained]
        paths += [each.reference.path for each in self.trained]
        paths.append(self.latent_reference.path)
        if self.chain is not None:
            paths += [self.chain.before, self.chain.after, self.chain.native]
        return tuple(sorted({str(edge.digest) for path in paths for edge in path.edges}))


def plan_training(catalog: Catalog, config: RunConfig) -> TrainingPlan:
    """Choose what a run trains on: all opportunities of the best grade, on one dataset.

    Raises:
        NoOpportunityError: If nothing registered allows it; it says what is lacking.
    """
    source = catalog.resolve(Modality.parse(config.transcoder.source))
    target = catalog.resolve(Modality.parse(config.transcoder.target))
    found = require_opportunities(catalog, source, target)
    usable = [each for each in found if _is_pinned(each, config)]
    pairs = [each for each in usable if each.kind is TargetKind.LATENT_MATCH]
    if not pairs:
        reason = f"no pairs of {source} and {target} can be computed from a dataset"
        if config.data.dataset is not None:
            reason += f" named {config.data.dataset!r}"
        raise NoOpportunityError(str(source), str(target), reason)
    latent = pairs[0]
    trained = tuple(
        each
        for each in usable
        if each.kind in _KINDS[config.target]
        and each.grade is latent.grade
        and each.input == latent.input
    )
    if not trained:
        reason = f"no opportunity fits target={config.target.value}"
        raise NoOpportunityError(str(source), str(target), reason)
    dataset = catalog.dataset(latent.input.dataset)
    chains = find_judged_chains(catalog, source, target, dataset.name)
    live = config.prefix is PrefixChoice.live
    return TrainingPlan(
        source=source,
        target=target,
        source_spec=catalog.spec(source),
        target_spec=catalog.spec(target),
        dataset=dataset,
        found=found,
        trained=trained,
        latent=latent,
        prefix=_last_stretch(latent.input.path) if live else EdgePath(source),
        chain=chains[0] if chains else None,
    )


def _is_pinned(opportunity: Opportunity, config: RunConfig) -> bool:
    return config.data.dataset in {None, opportunity.input.dataset}


def _last_stretch(path: EdgePath) -> EdgePath:
    """The segments at the end of a path through which a torch module can run."""
    kept = tuple(takewhile(lambda edge: isinstance(edge, Segment), reversed(path.edges)))[::-1]
    return EdgePath(kept[0].source if kept else path.target, kept)
