"""Every transcoder that networks need to reach one another through one latent."""

from dataclasses import replace

from rich.table import Table

from transcoder.errors import NoOpportunityError, RecipeError
from transcoder.planner import find_opportunities
from transcoder.recipe import RunConfig, TranscoderConfig
from transcoder.reports import RunResult
from transcoder.runs._narration import Narrator
from transcoder.runs._opening import open_registry
from transcoder.runs._plan import passable
from transcoder.runs._tables import shown_score
from transcoder.runs._training import run_training
from transcoder.vocabulary import Catalog, Modality, Opportunity, SegmentKind, TargetKind

_METRICS = {"test/r2": "R²", "test/native": "native", "test/retention": "retention"}


def run_hub(config: RunConfig, narrator: Narrator) -> None:
    """Train, one by one, what leads from each network's latent to the hub and back.

    A network takes part whose latent one of its segments leads to and another leads from. The
    order is the planner's: the best grade first, then what costs least.

    Raises:
        RecipeError: If no network is there to be joined.
        NoOpportunityError: If nothing could be trained.
    """
    catalog = open_registry(config, narrator).catalog()
    hub = catalog.resolve(Modality.parse(str(config.hub)))
    members = find_members(catalog, hub)
    if not members:
        fault = f"no network has a latent of its own beside {hub}; register one"
        raise RecipeError(config.name, [fault])
    allowed = catalog.without(config.data.without)
    ends = [pair for each in members for pair in ((each, hub), (hub, each))]
    found = {pair: _maybe_best(allowed, *pair) for pair in ends}
    for (source, target), best in found.items():
        if best is None:
            narrator.say(f"{source} -> {target}: no pairs can be computed, so it is left out")
    ranked = sorted(
        (each for each in found.values() if each is not None),
        key=lambda each: (each.grade, each.cost.total, str(each.source), str(each.target)),
    )
    if not ranked:
        reason = "no pairs of its latent and any other can be computed from a dataset"
        raise NoOpportunityError(str(hub), "every other latent", reason)
    results: dict[str, RunResult | None] = {}
    for each in ranked:
        run = _run_of(config, catalog, each)
        narrator.say(f"hub {hub}: {run.transcoder.model}, {len(results) + 1} of {len(ranked)}")
        results[run.transcoder.model] = run_training(run, narrator)
    narrator.show(_table(hub, results))


def find_members(catalog: Catalog, hub: Modality) -> list[Modality]:
    """Find the latents that ordinary segments lead to and from, the hub's own left out."""
    plain = [
        each
        for each in catalog.find_current()
        if each.is_runnable and each.kind is SegmentKind.SEGMENT
    ]
    between = {each.target for each in plain} & {each.source for each in plain}
    return sorted((each for each in between if each.is_latent and each != hub), key=str)


def _maybe_best(catalog: Catalog, source: Modality, target: Modality) -> Opportunity | None:
    found = find_opportunities(catalog, source, target)
    return next((each for each in found if each.kind is TargetKind.LATENT_MATCH), None)


def _run_of(config: RunConfig, catalog: Catalog, best: Opportunity) -> RunConfig:
    source, target = best.source, best.target
    model = f"{network_of(source)}_to_{network_of(target)}"
    allowed = catalog.without(config.data.without)
    through = passable(allowed, source, target, config.data.through)
    return replace(
        config,
        hub=None,
        transcoder=TranscoderConfig(model, str(source), str(target)),
        data=replace(config.data, through=through),
    )


def network_of(latent: Modality) -> str:
    """Name a private latent by its network, and a shared one by itself."""
    return latent.name if latent.is_standard_latent else str(latent).strip("{}")


def _table(hub: Modality, results: dict[str, RunResult | None]) -> Table:
    table = Table("transcoder", "registered", "current", *_METRICS.values(), title=f"hub {hub}")
    for model, result in results.items():
        if result is None:
            table.add_row(model, "nothing")
            continue
        scores = result.scores[result.chosen]
        shown = [shown_score(scores.get(name), name) for name in _METRICS]
        if any(each.refused for each in result.chains) and "test/retention" not in scores:
            shown[-1] = "refused"
        current = "yes" if result.is_current else ""
        table.add_row(model, f"{result.chosen}, version {result.version}", current, *shown)
    return table
