"""Learn a latent that no network founded, through which all of them reach one another."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from lightning.pytorch import seed_everything

from transcoder.adapters import end_of
from transcoder.errors import NoOpportunityError, RecipeError
from transcoder.planner import find_opportunities
from transcoder.recipe import RunConfig
from transcoder.runs._hub import find_members
from transcoder.runs._identity import choices_of, package_versions
from transcoder.runs._joint_fit import Joint, fit_hub
from transcoder.runs._joint_judging import judge_ways, register_hub, ways_table
from transcoder.runs._materials import Workshop
from transcoder.runs._narration import Narrator
from transcoder.runs._opening import open_registry
from transcoder.runs._reading import read_source
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import (
    Catalog,
    Modality,
    ModalityEntry,
    Route,
    Spec,
    TargetKind,
    digest_of,
)
from transcoder.workflows import store_of

_TENSOR = "hidden"


def run_joint(config: RunConfig, narrator: Narrator) -> None:
    """Train an encoder and a decoder of every network together, judge all ways, register them.

    Raises:
        RecipeError: If fewer than two networks can be joined, or the hub is taken.
        NoOpportunityError: If no column of one dataset reaches all of them.
    """
    registry = open_registry(config, narrator)
    catalog = registry.catalog()
    hub = _hub_of(config)
    narrator.stage("Plan")
    members = find_members(catalog, hub)
    if len(members) < 2:  # noqa: PLR2004  # a hub joins two at least
        fault = f"{len(members)} networks have a latent of their own; a hub joins two at least"
        raise RecipeError(config.name, [fault])
    routes = _routes(catalog.without(config.data.without), members, config)
    for each in routes:
        narrator.say(f"{each}")
    source = read_source(catalog.dataset(routes[0].dataset), catalog, config, narrator)
    digests = sorted({str(edge.digest) for route in routes for edge in route.path.edges})
    identity = digest_of(
        [choices_of(config), list(digests), source.table.fingerprint, package_versions()]
    )
    known = catalog.modalities.get(hub)
    if known is not None:
        _tell_known(known, identity, config, narrator)
        return
    spec = Spec.parse(f"{_TENSOR}: float32[batch, {config.hub_dim}]")
    entry = ModalityEntry(hub, spec, space=identity)
    catalog = replace(catalog, modalities={**catalog.modalities, hub: entry})
    seed_everything(config.seed, workers=True, verbose=False)
    oracles = OraclePool(tuple(config.registry.allow), processes=config.data.oracle_processes)
    with closing(oracles):
        runner = Runner(catalog, SessionPool(registry.blob), oracles)
        store = store_of(registry, storage_dtype=config.data.storage_dtype)
        batch_size = config.data.materialize_batch_size
        workshop = Workshop(catalog, runner, store, batch_size, narrator)
        narrator.stage("Materialize")
        stored = [workshop.materialize(route, source.table) for route in routes]
        folder = registry.root / "runs" / identity[:16]
        joint = Joint(config, entry, routes, source, stored, runner, folder)
        narrator.stage(f"Fit {len(members)} encoders and decoders of {hub} together")
        halves = fit_hub(joint, narrator)
        narrator.stage("Judge every way through the hub on test rows")
        ways = judge_ways(joint, halves, catalog)
        register_hub(registry, joint, halves, ways)
        narrator.show(ways_table(hub, ways))


def _hub_of(config: RunConfig) -> Modality:
    hub = Modality.parse(str(config.hub))
    if not hub.is_standard_latent or hub.version is None:
        fault = f"hub={hub} names no version of a shared latent; write it like global@1"
        raise RecipeError(config.name, [fault])
    return hub


def _routes(
    catalog: Catalog, members: Sequence[Modality], config: RunConfig
) -> tuple[Route, ...]:
    """Find, from columns of one dataset, a route to every member."""
    first = members[0]
    found = [_route(catalog, each, first, config) for each in members[1:]]
    routes = (_route(catalog, first, members[1], config), *found)
    names = {each.dataset for each in routes}
    if len(names) > 1:
        reason = f"their rows come from {', '.join(sorted(names))}; pin one by data.dataset"
        raise NoOpportunityError(str(first), str(config.hub), reason)
    for each in members:
        if end_of(catalog.spec(each)).is_sequence:
            fault = f"{each} is a sequence, and a hub that is learnt joins vectors"
            raise RecipeError(config.name, [fault])
    return routes


def _route(catalog: Catalog, member: Modality, other: Modality, config: RunConfig) -> Route:
    pinned = config.data.dataset
    for each in find_opportunities(catalog, member, other):
        if each.kind is TargetKind.LATENT_MATCH and pinned in {None, each.input.dataset}:
            return each.input
    reason = f"no pairs of {member} and {other} can be computed from a dataset"
    raise NoOpportunityError(str(member), str(config.hub), reason)


def _tell_known(
    known: ModalityEntry, identity: str, config: RunConfig, narrator: Narrator
) -> None:
    hub = known.modality
    if known.space != identity:
        following = f"{hub.name}@{(hub.version or 0) + 1}"
        fault = f"{hub} is already the space of something else; name a new one, hub={following}"
        raise RecipeError(config.name, [fault])
    narrator.stage("Finished before")
    narrator.say(f"the identical run has made {hub}; transcoder runs and atlas show it")
