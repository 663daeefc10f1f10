"""The stages of a run, from frozen networks to a registered transcoder."""

import time
from collections.abc import Mapping

from lightning.pytorch import seed_everything

from transcoder.adapters import require_fit
from transcoder.errors import TranscoderError
from transcoder.recipe import DebugChoice, PrefixChoice
from transcoder.reports import RunResult
from transcoder.runs._bureau import Bureau
from transcoder.runs._candidates import Candidate
from transcoder.runs._chains import Chains
from transcoder.runs._fitting import adapter_settings, fit_settings
from transcoder.runs._groundwork import Groundwork, lay_groundwork
from transcoder.runs._materials import Source
from transcoder.runs._net import export_net, fit_net
from transcoder.runs._prefix import with_cheaper_prefix
from transcoder.runs._processes import is_first_process
from transcoder.runs._reading import read_source
from transcoder.runs._registering import (
    Entrants,
    Provenance,
    register_run,
    register_unjudged,
)
from transcoder.runs._reporting import Findings, write_report
from transcoder.runs._tables import run_tables, strata_table
from transcoder.runs._trying import try_out
from transcoder.vocabulary import Segment, Split
from transcoder.workflows import REPORT_HTML, store_of


def take_stages(bureau: Bureau, sources: Mapping[str, Source]) -> RunResult | None:
    """Compute what is frozen, fit, export, judge and register.

    Args:
        bureau: What is at hand.
        sources: The rows of each dataset.

    Returns:
        The result; None in a process that only shares the batches, which leaves after the fit.

    Raises:
        TranscoderError: If a stage cannot be done.
    """
    began = time.monotonic()
    config, narrator, plan = bureau.config, bureau.narrator, bureau.plan
    require_fit(adapter_settings(config.adapter), plan.source_spec, plan.target_spec)
    seed_everything(config.seed, workers=True, verbose=False)
    if config.prefix is PrefixChoice.auto:
        bureau = with_cheaper_prefix(bureau, sources)
        plan = bureau.plan
    if config.debug is not DebugChoice.none:
        try_out(bureau, sources)
        return None
    store = store_of(bureau.registry, storage_dtype=bureau.config.data.storage_dtype)
    ground = lay_groundwork(bureau, sources, store)
    entrants = _maybe_entrants(bureau, ground)
    if entrants is None:
        return None
    provenance = Provenance(
        config,
        plan,
        bureau.identity,
        [each.table.fingerprint for each in sources.values()],
        bureau.folder,
        lambda: time.monotonic() - began,
        ground.notes,
    )
    if not plan.is_judged:
        return _unjudged(bureau, entrants.net, provenance)
    narrator.stage("Judge the exported files on test rows")
    result = register_run(
        bureau.registry,
        entrants,
        bench=ground.bench,
        chains=_chains(bureau, ground),
        provenance=provenance,
    )
    for table in run_tables(result):
        narrator.show(table)
    _tell_rows(bureau, ground, entrants, result)
    return result


def _chains(bureau: Bureau, ground: Groundwork) -> Chains:
    config, narrator = bureau.config, bureau.narrator
    return Chains(
        bureau.plan,
        ground.materials,
        ground.bench,
        runner=bureau.runner,
        most_rows=config.data.chain_rows,
        read=lambda dataset: read_source(dataset, bureau.catalog, config, narrator),
    )


def _tell_rows(
    bureau: Bureau, ground: Groundwork, entrants: Entrants, result: RunResult
) -> None:
    """Write the report, and show what the chosen file makes of test rows by stratum."""
    candidates = (*entrants.rungs, entrants.net)
    chosen = next(each for each in candidates if each.name == result.chosen)
    judged = ground.bench.judgement(chosen, Split.TEST)
    findings = Findings(
        config=bureau.config,
        plan=bureau.plan,
        materials=ground.materials[0],
        runner=bureau.runner,
        candidates=candidates,
        chain=ground.bench.chain,
        per_row=judged.per_row,
        cosines=judged.cosines,
        result=result,
        lineage=_registered(bureau, result).lineage,
        notes=ground.notes,
        folder=bureau.folder,
    )
    try:
        write_report(findings)
        bureau.narrator.say(f"report in {str(bureau.folder / REPORT_HTML)!r}")
    except TranscoderError as error:
        # What was trained is registered by now; a picture of it that fails takes nothing back.
        bureau.narrator.say(f"there is no report: {error}")
    if judged.strata:
        bureau.narrator.show(strata_table(judged.strata, str(bureau.plan.dataset.stratum)))


def _maybe_entrants(bureau: Bureau, ground: Groundwork) -> Entrants | None:
    """Fit the net, in whose place the last closed form stands where there are no pairs.

    Returns:
        None in a process that only shares the batches.
    """
    if not bureau.learns_pairs:
        *rungs, found = ground.rungs
        return Entrants(found, rungs, None)
    config = bureau.config
    begin = ground.best.name if ground.best is not None else "nothing"
    bureau.narrator.stage(f"Fit the {config.adapter.kind} adapter, starting from {begin}")
    settings = fit_settings(config, bureau.watch)
    fitted = fit_net(bureau, ground.materials, ground.start, settings)
    if not is_first_process():
        return None
    return Entrants(export_net(bureau, fitted, ground), ground.rungs, ground.best)


def _unjudged(bureau: Bureau, net: Candidate, provenance: Provenance) -> RunResult | None:
    """Register what no row and no chain can judge, where the recipe insists."""
    say = bureau.narrator.say
    if not bureau.config.insist:
        say(
            "nothing is registered, for no row leads to both latents and no chain judges what "
            "was found; insist=true registers it all the same"
        )
        return None
    result = register_unjudged(bureau.registry, net, provenance)
    say(f"registered as version {result.version}: {result.why}")
    return result


def _registered(bureau: Bureau, result: RunResult) -> Segment:
    versions = bureau.registry.catalog().segments[bureau.key]
    return next(each for each in versions if each.version == result.version)
