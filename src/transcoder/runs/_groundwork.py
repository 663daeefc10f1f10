"""What stands before an adapter learns: stored latents, closed forms, and where it begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transcoder.adapters import (
    Affine,
    Meeting,
    Moments,
    Pools,
    Statistics,
    end_of,
    fit_identity,
    fit_ladder,
    fit_mean,
    fit_unpaired,
    meeting_of,
    pairs_of,
    without_pairs,
)
from transcoder.data import LatentStore
from transcoder.errors import NoOpportunityError
from transcoder.evaluation import Bootstrap, Familiarity, mean_latents
from transcoder.recipe import DebugChoice
from transcoder.runs._bureau import Bureau
from transcoder.runs._candidates import Candidate, export_closed_form, make_candidate
from transcoder.runs._judging import Bench, Sitting
from transcoder.runs._materials import (
    Materials,
    Source,
    Workshop,
    blocks,
    gather_materials,
)
from transcoder.runs._plan import TrainingPlan
from transcoder.runs._pools import maybe_pools
from transcoder.runs._soundness import apart, cautions
from transcoder.runs._tables import ladder_table
from transcoder.training import Start
from transcoder.vocabulary import Split


@dataclass(frozen=True, slots=True, eq=False)
class Groundwork:
    """What a fit builds on.

    Attributes:
        materials: Of each feed; the first judges.
        bench: Judges every candidate.
        rungs: All closed forms, the cheapest first.
        best: The best of them on validation rows, or None where no closed form fits.
        start: Where the adapter begins.
        familiarity: Where the source's latents lie.
        notes: What weakens what is measured, in words.
    """

    materials: Sequence[Materials]
    bench: Bench
    rungs: Sequence[Candidate]
    best: Candidate | None
    start: Start
    familiarity: Familiarity
    notes: Sequence[str] = ()


def lay_groundwork(
    bureau: Bureau, sources: Mapping[str, Source], store: LatentStore
) -> Groundwork:
    """Compute everything frozen once, fit the closed forms, and judge them.

    Args:
        bureau: What is at hand.
        sources: The rows of each dataset.
        store: Keeps what frozen nets make of them.
    """
    config, plan, narrator = bureau.config, bureau.plan, bureau.narrator
    narrator.stage("Materialize")
    batch_size = config.data.materialize_batch_size
    workshop = Workshop(bureau.catalog, bureau.runner, store, batch_size, narrator)
    materials: Sequence[Materials] = gather_materials(plan, sources, workshop=workshop)
    notes: list[str] = []
    if config.debug is not DebugChoice.overfit:
        materials, notes = apart(materials)
    narrator.stage("Closed forms")
    known = _moments(plan, materials, Split.TRAIN) if bureau.learns_pairs else None
    pools = maybe_pools(bureau, sources, materials=materials, workshop=workshop, training=known)
    training = known or without_pairs(_required(pools, plan))
    notes += cautions(training, materials)
    for note in notes:
        narrator.say(f"note: {note}")
    bench = _bench(bureau, materials[0], training)
    familiarity = Familiarity.fit(
        training.rows,
        training.source_mean,
        training.source_products,
        validation=_validation_latents(plan, materials),
    )
    statistics = Statistics.of(training)
    start = Start(None, statistics, config.seed)
    meeting = meeting_of(end_of(plan.source_spec), end_of(plan.target_spec))
    if meeting is Meeting.FREE:
        narrator.say(f"none fits: the target is {meeting.value}")
        return Groundwork(materials, bench, (), None, start, familiarity, notes)
    if known is None:
        affines = _ladder_without_pairs(bureau, training, _required(pools, plan))
    else:
        affines = fit_ladder(known, _moments(plan, materials, Split.VALIDATION), pools)
    rungs = [_rung(bureau, each, familiarity) for each in affines]
    if not plan.is_judged:
        return Groundwork(materials, bench, rungs, None, start, familiarity, notes)
    best = bench.best_on_validation(rungs)
    narrator.show(ladder_table([bench.judgement(each, Split.VALIDATION) for each in rungs]))
    affine = next(each for each in affines if each.name == best.name)
    start = Start(affine, statistics, config.seed)
    return Groundwork(materials, bench, rungs, best, start, familiarity, notes)


def _bench(bureau: Bureau, first: Materials, training: Moments) -> Bench:
    """Make the bench of the first feed's rows, and tell by which chains it cannot judge."""
    config, plan, say = bureau.config, bureau.plan, bureau.narrator.say
    rows = Source(first.table, first.rows)
    bench = Bench(
        Sitting(rows, first.source, first.target, plan.target_spec, plan.deciding),
        bureau.runner,
        bootstrap=Bootstrap(config.resamples, config.seed),
        train_mean=training.target_mean,
    )
    if plan.is_judged and bench.chain is None:
        say("no judged chain: candidates are compared by latents alone")
    for chain, reason in bench.refused.items():
        say(f"{chain.name} does not judge: {reason}")
    return bench


def _rung(bureau: Bureau, affine: Affine, familiarity: Familiarity) -> Candidate:
    return make_candidate(
        affine.name,
        export_closed_form(affine, bureau.plan),
        key=bureau.key,
        runner=bureau.runner,
        familiarity=familiarity,
    )


def _required(pools: Pools | None, plan: TrainingPlan) -> Pools:
    if pools is None:
        reason = "there are no pairs, and no rows of both latents without"
        raise NoOpportunityError(str(plan.source), str(plan.target), reason)
    return pools


def _ladder_without_pairs(
    bureau: Bureau, training: Moments, pools: Pools
) -> tuple[Affine, ...]:
    """Look for a map that two clouds alone give, beside what knows nothing of the source."""
    found = fit_unpaired(pools, seed=bureau.config.seed)
    bureau.narrator.say(
        f"{found.agreeing} of {found.starts} starts agree; {found.share:.0%} of the rows have "
        f"a mutual neighbour, {found.control:.0%} after starts at random"
    )
    return fit_mean(training), fit_identity(training), found.affine


def _moments(plan: TrainingPlan, materials: Sequence[Materials], split: Split) -> Moments:
    pair = pairs_of(end_of(plan.source_spec), end_of(plan.target_spec))
    return Moments.of(
        pair(each.source.take(piece), each.target.take(piece))
        for each in materials
        if each.target is not None
        for piece in blocks(each.rows[split])
    )


def _validation_latents(plan: TrainingPlan, materials: Sequence[Materials]) -> np.ndarray:
    batches = (each.source.take(each.rows[Split.VALIDATION]) for each in materials)
    return np.concatenate([mean_latents(each, plan.source_spec) for each in batches])
