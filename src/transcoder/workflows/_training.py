"""One run from recipe to registered transcoder, stage by stage."""

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from filelock import FileLock, Timeout
from lightning.pytorch import seed_everything

from transcoder.adapters import require_fit
from transcoder.errors import TranscoderError
from transcoder.recipe import DebugChoice, PrefixChoice, RunConfig
from transcoder.reports import RunResult
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.training import Watch, is_first_process
from transcoder.vocabulary import Segment, Split
from transcoder.workflows._bureau import Bureau
from transcoder.workflows._chains import Chains
from transcoder.workflows._fitting import adapter_settings, fit_settings
from transcoder.workflows._groundwork import lay_groundwork
from transcoder.workflows._identity import run_identity
from transcoder.workflows._materials import Source
from transcoder.workflows._narration import Narrator
from transcoder.workflows._net import export_net, fit_net, maybe_checkpoint
from transcoder.workflows._opening import open_registry
from transcoder.workflows._plan import plan_training
from transcoder.workflows._prefix import with_cheaper_prefix
from transcoder.workflows._reading import read_source, read_sources
from transcoder.workflows._registering import (
    Entrants,
    Finished,
    Provenance,
    finished_result,
    register_run,
)
from transcoder.workflows._reporting import Findings, write_report
from transcoder.workflows._runs import HTML
from transcoder.workflows._store import store_of
from transcoder.workflows._tables import chains_table, results_table, strata_table
from transcoder.workflows._trying import try_out
from transcoder.workflows._vectors import with_names


def run_training(
    config: RunConfig, narrator: Narrator, watch: Watch | None = None
) -> RunResult | None:
    """Train the transcoder of a recipe, or find that the identical run is finished.

    Args:
        config: What is asked.
        narrator: Tells the user.
        watch: Told the validation metrics of each epoch; may end the run.

    Returns:
        The result; None where nothing was to be registered, as with `debug`, or in a process
        that only shares the batches of another.

    Raises:
        TranscoderError: If a stage cannot be done; the next run goes on from there.
    """
    config = with_names(config)
    maybe_checkpoint(config.ckpt)
    registry = open_registry(config, narrator)
    catalog = registry.catalog()
    narrator.stage("Plan")
    plan = plan_training(catalog, config)
    require_fit(adapter_settings(config.adapter), plan.source_spec, plan.target_spec)
    for each in dict.fromkeys((*plan.trained, *plan.found)):
        narrator.say(f"{'*' if each in plan.trained else ' '} {each.sentence}")
    if len(plan.feeds) > 1:
        for feed in plan.feeds:
            narrator.say(f"each step learns from a batch by {feed.input}")
    sources = read_sources(plan, catalog, config, narrator)
    identity = run_identity(config, plan, [each.table.fingerprint for each in sources.values()])
    folder = registry.root / "runs" / identity[:16]
    folder.mkdir(parents=True, exist_ok=True)
    allow, processes = tuple(config.registry.allow), config.data.oracle_processes
    oracles = OraclePool(allow, processes=processes)
    runner = Runner(catalog, SessionPool(registry.blob), oracles)
    bureau = Bureau(config, registry, catalog, plan, runner, narrator, folder, identity, watch)
    seed_everything(config.seed, workers=True, verbose=False)
    with closing(oracles):
        if config.prefix is PrefixChoice.auto:
            bureau = with_cheaper_prefix(bureau, sources)
        if config.debug is not DebugChoice.none:
            try_out(bureau, sources)
            return None
        if not is_first_process():
            return _run(bureau, sources)
        return _run_alone(bureau, sources)


def _run_alone(bureau: Bureau, sources: Mapping[str, Source]) -> RunResult | None:
    """Run while no other process does the same; what is finished is told, not done again."""
    folder, replace = bureau.folder, bureau.config.registry.replace
    if _is_taken(folder):
        bureau.narrator.say("another process is at the identical run; waiting for it")
    with FileLock(folder / ".lock"):
        finished = finished_result(bureau.registry, folder, bureau.identity, replace=replace)
        if finished is not None:
            return _tell_finished(finished, bureau.narrator)
        return _run(bureau, sources)


def _is_taken(folder: Path) -> bool:
    try:
        with FileLock(folder / ".lock", blocking=False):
            return False
    except Timeout:
        return True


def _tell_finished(finished: Finished, narrator: Narrator) -> RunResult:
    narrator.stage("Finished before")
    narrator.say(f"the identical run is finished: version {finished.result.version}")
    if finished.made_current:
        narrator.say("it is current now, as registry.replace=true asks")
    _show(finished.result, narrator)
    return finished.result


def _run(bureau: Bureau, sources: Mapping[str, Source]) -> RunResult | None:
    """Take every stage; a process that only shares the batches leaves after the fit."""
    began = time.monotonic()
    config, narrator, plan = bureau.config, bureau.narrator, bureau.plan
    store = store_of(bureau.registry, storage_dtype=bureau.config.data.storage_dtype)
    ground = lay_groundwork(bureau, sources, store)
    begin = ground.best.name if ground.best is not None else "nothing"
    narrator.stage(f"Fit the {config.adapter.kind} adapter, starting from {begin}")
    fitted = fit_net(bureau, ground.materials, ground.start, fit_settings(config, bureau.watch))
    if not is_first_process():
        return None
    net = export_net(bureau, fitted, ground)
    narrator.stage("Judge the exported files on test rows")
    chains = Chains(
        plan,
        ground.materials,
        ground.bench,
        runner=bureau.runner,
        most_rows=config.data.chain_rows,
        read=lambda dataset: read_source(dataset, bureau.catalog, config, narrator),
    )
    result = register_run(
        bureau.registry,
        Entrants(net, ground.rungs, ground.best),
        bench=ground.bench,
        chains=chains,
        provenance=Provenance(
            config,
            plan,
            bureau.identity,
            [each.table.fingerprint for each in sources.values()],
            bureau.folder,
            lambda: time.monotonic() - began,
            ground.notes,
        ),
    )
    _show(result, narrator)
    chosen = next(each for each in (*ground.rungs, net) if each.name == result.chosen)
    judged = ground.bench.judgement(chosen, Split.TEST)
    findings = Findings(
        config=config,
        plan=plan,
        materials=ground.materials[0],
        runner=bureau.runner,
        candidates=(*ground.rungs, net),
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
        narrator.say(f"report in {str(bureau.folder / HTML)!r}")
    except TranscoderError as error:
        # What was trained is registered by now; a picture of it that fails takes nothing back.
        narrator.say(f"there is no report: {error}")
    if judged.strata:
        narrator.show(strata_table(judged.strata, str(plan.dataset.stratum)))
    return result


def _show(result: RunResult, narrator: Narrator) -> None:
    narrator.show(results_table(result))
    if result.chains:
        narrator.show(chains_table(result))


def _registered(bureau: Bureau, result: RunResult) -> Segment:
    versions = bureau.registry.catalog().segments[bureau.key]
    return next(each for each in versions if each.version == result.version)
