"""One run from recipe to registered transcoder: planned here, taken in stages."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from transcoder.recipe import DebugChoice, RunConfig
from transcoder.reports import RunResult
from transcoder.runs._bureau import Bureau
from transcoder.runs._checkpoint import maybe_checkpoint
from transcoder.runs._finished import Finished, finished_result
from transcoder.runs._identity import run_identity
from transcoder.runs._materials import Source
from transcoder.runs._narration import Narrator
from transcoder.runs._opening import open_registry
from transcoder.runs._plan import plan_training
from transcoder.runs._processes import is_first_process
from transcoder.runs._reading import read_sources
from transcoder.runs._tables import run_tables
from transcoder.runs._vectors import with_names
from transcoder.sessions import OraclePool, Runner, SessionPool

if TYPE_CHECKING:
    from transcoder.training import Watch


def run_training(
    config: RunConfig, narrator: Narrator, watch: "Watch | None" = None
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
    learnt = plan.trained or (plan.feeds[0].latent,)
    for each in dict.fromkeys((*learnt, *plan.found)):
        narrator.say(f"{'*' if each in learnt else ' '} {each.sentence}")
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
    with closing(oracles):
        if config.debug is not DebugChoice.none or not is_first_process():
            return _run(bureau, sources)
        return _run_alone(bureau, sources)


def _run_alone(bureau: Bureau, sources: Mapping[str, Source]) -> RunResult | None:
    """Run while no other process does the same; what is finished is told, not done again."""
    folder, replaces = bureau.folder, bureau.config.registry.replace
    if _is_taken(folder):
        bureau.narrator.say("another process is at the identical run; waiting for it")
    with FileLock(folder / ".lock"):
        finished = finished_result(bureau.registry, folder, bureau.identity, replaces=replaces)
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
    for table in run_tables(finished.result):
        narrator.show(table)
    return finished.result


def _run(bureau: Bureau, sources: Mapping[str, Source]) -> RunResult | None:
    from transcoder.runs._stages import take_stages  # torch and Lightning take seconds

    return take_stages(bureau, sources)
