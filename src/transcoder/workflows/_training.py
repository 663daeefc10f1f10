"""One run from recipe to registered transcoder, stage by stage."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from lightning.pytorch import seed_everything

from transcoder.adapters import Affine, Moments, Statistics, fit_ladder, vector_of
from transcoder.data import Table, load_table, rows_of
from transcoder.errors import RecipeError
from transcoder.evaluation import Bootstrap
from transcoder.export import Exported, export_adapter
from transcoder.recipe import RECIPE_FOLDER, RunConfig
from transcoder.registry import Registry
from transcoder.reports import RunResult
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.stack import build_stack
from transcoder.training import MetaTrainer, Start
from transcoder.vocabulary import Catalog, Segment, SegmentKey, Split
from transcoder.workflows._apply import apply_world
from transcoder.workflows._candidates import Candidate, closed_form_candidate, make_candidate
from transcoder.workflows._fitting import (
    adapter_settings,
    data_module,
    fit_settings,
    term_settings,
)
from transcoder.workflows._identity import run_identity
from transcoder.workflows._judging import Bench
from transcoder.workflows._materials import Materials, Workshop, gather_materials
from transcoder.workflows._narration import Narrator
from transcoder.workflows._plan import TrainingPlan, plan_training
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
from transcoder.workflows._tables import ladder_table, results_table, strata_table
from transcoder.workflows._vectors import apply_vectors, with_names

_BLOCK = 4096
"""Rows that are read together."""


@dataclass(frozen=True, slots=True, eq=False)
class Bureau:
    """What every stage of a run has at hand.

    Attributes:
        config: What was asked.
        registry: Where everything is kept.
        catalog: What is registered, the recipe's world included.
        plan: The learning graph.
        runner: Runs segments and oracles.
        narrator: Tells the user.
        folder: The run's own folder.
        identity: Digest of everything that determines the run.
    """

    config: RunConfig
    registry: Registry
    catalog: Catalog
    plan: TrainingPlan
    runner: Runner
    narrator: Narrator
    folder: Path
    identity: str

    @property
    def key(self) -> SegmentKey:
        """Under what the transcoder is registered."""
        return SegmentKey(self.config.transcoder.model, self.plan.source, self.plan.target)


def run_training(config: RunConfig, narrator: Narrator) -> RunResult:
    """Train the transcoder of a recipe, or find that the identical run is finished.

    Raises:
        TranscoderError: If a stage cannot be done; the next run goes on from there.
    """
    config = with_names(config)
    registry = _open(config, narrator)
    catalog = registry.catalog()
    narrator.stage("Plan")
    plan = plan_training(catalog, config)
    for each in plan.found:
        narrator.say(f"{'*' if each in plan.trained else ' '} {each.sentence}")
    table = load_table(plan.dataset, catalog)
    rows = _judged(rows_of(table, plan.dataset), config.data.judged_rows)
    counts = ", ".join(f"{len(rows[split]):,} {split.value}" for split in Split)
    narrator.say(f"{plan.dataset.name}: {counts} rows, split by {_grouping(plan)}")
    identity = run_identity(config, plan, table.fingerprint)
    folder = registry.root / "runs" / identity[:16]
    folder.mkdir(parents=True, exist_ok=True)
    oracles = OraclePool(tuple(config.registry.allow))
    runner = Runner(catalog, SessionPool(registry.blob), oracles)
    bureau = Bureau(config, registry, catalog, plan, runner, narrator, folder, identity)
    if _is_taken(folder):
        narrator.say("another process is at the identical run; waiting for it")
    with closing(oracles), FileLock(folder / ".lock"):
        finished = finished_result(registry, folder, identity, replace=config.registry.replace)
        if finished is not None:
            return _tell_finished(finished, narrator)
        return _run(bureau, table, rows)


def _open(config: RunConfig, narrator: Narrator) -> Registry:
    root = Path(config.registry.url)
    narrator.stage("World")
    if not root.exists():
        narrator.say(f"making the registry {str(root.resolve())!r}")
    registry = Registry.open(root)
    if config.old is not None:
        commit = apply_vectors(registry, config)
    elif config.world is not None:
        commit = apply_world(registry, _world_path(config.world))
    else:
        fault = "it has neither a world nor vectors; give world=FILE, or old=FILE new=FILE"
        raise RecipeError(config.name, [fault])
    changes = f"{len(commit.changed)} changes" if commit.changed else "nothing new"
    narrator.say(f"registry {str(root)!r}, revision {commit.revision}: {changes}")
    return registry


def _is_taken(folder: Path) -> bool:
    try:
        with FileLock(folder / ".lock", blocking=False):
            return False
    except Timeout:
        return True


def _grouping(plan: TrainingPlan) -> str:
    return repr(plan.dataset.group) if plan.dataset.group else "row"


def _judged(rows: Mapping[Split, np.ndarray], most: int) -> Mapping[Split, np.ndarray]:
    """Leave no more rows of the splits that are looked at whole, evenly spread."""
    kept = dict(rows)
    for split in (Split.VALIDATION, Split.TEST):
        places = np.linspace(0, len(rows[split]) - 1, min(most, len(rows[split])))
        kept[split] = rows[split][places.round().astype(np.int64)]
    return kept


def _world_path(text: str) -> Path:
    shipped = RECIPE_FOLDER / text
    return shipped if shipped.is_file() else Path(text)


def _tell_finished(finished: Finished, narrator: Narrator) -> RunResult:
    narrator.stage("Finished before")
    narrator.say(f"the identical run is finished: version {finished.result.version}")
    if finished.made_current:
        narrator.say("it is current now, as registry.replace=true asks")
    narrator.show(results_table(finished.result))
    return finished.result


def _run(bureau: Bureau, table: Table, rows: Mapping[Split, np.ndarray]) -> RunResult:
    began = time.monotonic()
    config, narrator, plan = bureau.config, bureau.narrator, bureau.plan
    seed_everything(config.seed, workers=True, verbose=False)
    narrator.stage("Materialize")
    store = store_of(bureau.registry)
    batch_size = config.data.materialize_batch_size
    workshop = Workshop(bureau.catalog, bureau.runner, store, batch_size, narrator)
    materials = gather_materials(plan, table, rows, workshop=workshop)
    narrator.stage("Closed forms")
    training, validation = (
        _moments(plan, materials, split) for split in (Split.TRAIN, Split.VALIDATION)
    )
    bench = Bench(
        plan,
        materials,
        bureau.runner,
        bootstrap=Bootstrap(config.resamples, config.seed),
        train_mean=training.target_mean,
    )
    affines = fit_ladder(training, validation)
    rungs = [
        closed_form_candidate(each, plan, key=bureau.key, runner=bureau.runner)
        for each in affines
    ]
    best = bench.best_on_validation(rungs)
    narrator.show(ladder_table([bench.judgement(each, Split.VALIDATION) for each in rungs]))
    start = Start(_named(affines, best), Statistics.of(training), config.seed)
    narrator.stage(f"Fit the {config.adapter.kind} adapter, starting from {best.name}")
    net = _fit(bureau, materials, start)
    narrator.stage("Judge the exported files on test rows")
    result = register_run(
        bureau.registry,
        Entrants(net, rungs),
        bench=bench,
        provenance=Provenance(
            config,
            plan,
            bureau.identity,
            table.fingerprint,
            bureau.folder,
            lambda: time.monotonic() - began,
        ),
    )
    narrator.show(results_table(result))
    chosen = next(each for each in (*rungs, net) if each.name == result.chosen)
    judged = bench.judgement(chosen, Split.TEST)
    strata = judged.strata
    findings = Findings(
        config=config,
        plan=plan,
        materials=materials,
        runner=bureau.runner,
        candidates=(*rungs, net),
        per_row=judged.per_row,
        cosines=judged.cosines,
        result=result,
        lineage=_registered(bureau, result).lineage,
        folder=bureau.folder,
    )
    write_report(findings)
    narrator.say(f"report in {str(bureau.folder / HTML)!r}")
    if strata:
        narrator.show(strata_table(strata, str(plan.dataset.stratum)))
    return result


def _registered(bureau: Bureau, result: RunResult) -> Segment:
    versions = bureau.registry.catalog().segments[bureau.key]
    return next(each for each in versions if each.version == result.version)


def _fit(bureau: Bureau, materials: Materials, start: Start) -> Candidate:
    config, plan = bureau.config, bureau.plan
    trainer = MetaTrainer(
        plan.source_spec,
        plan.target_spec,
        opportunities=plan.trained,
        build=lambda path: build_stack(path, bureau.registry.blob, bureau.catalog),
        spec_of=lambda path: bureau.catalog.spec(path.target),
        prefix=plan.prefix,
    )
    settings = adapter_settings(config.adapter)
    graph = trainer.graph(settings, start=start, terms=term_settings(config))
    fitted = trainer.fit(
        graph,
        data_module(config, materials, trainer.term_names),
        settings=fit_settings(config),
        run_dir=bureau.folder,
        progress=bureau.narrator.is_watched,
    )
    bureau.narrator.say(
        f"{fitted.steps:,} steps, best validation loss {fitted.best_loss:.4f}; "
        f"curves and checkpoints in {str(bureau.folder)!r}"
    )
    example = materials.source.take(materials.rows[Split.VALIDATION][:8])
    exported: Exported = export_adapter(
        fitted.adapter, plan.source_spec, plan.target_spec, example=example
    )
    kind = config.adapter.kind
    return make_candidate(kind, exported, key=bureau.key, runner=bureau.runner)


def _moments(plan: TrainingPlan, materials: Materials, split: Split) -> Moments:
    source, target = vector_of(plan.source_spec)[0], vector_of(plan.target_spec)[0]
    rows = materials.rows[split]
    pieces = (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))
    return Moments.of(
        (materials.source.take(piece)[source], materials.target.take(piece)[target])
        for piece in pieces
    )


def _named(affines: tuple[Affine, ...], best: Candidate) -> Affine:
    return next(each for each in affines if each.name == best.name)
