"""Fit the adapter of a run, and make a file of it."""

from collections.abc import Sequence

from transcoder.export import export_adapter
from transcoder.runs._bureau import Bureau
from transcoder.runs._candidates import Candidate, make_candidate
from transcoder.runs._checkpoint import maybe_checkpoint
from transcoder.runs._fitting import (
    adapter_settings,
    data_module,
    term_settings,
)
from transcoder.runs._groundwork import Groundwork
from transcoder.runs._materials import Materials
from transcoder.stack import build_stack
from transcoder.training import FitSettings, Fitted, MetaTrainer, Start
from transcoder.vocabulary import Split


def fit_net(
    bureau: Bureau, materials: Sequence[Materials], start: Start, settings: FitSettings
) -> Fitted:
    """Train the adapter between the frozen nets.

    Args:
        bureau: What is at hand.
        materials: Of each feed.
        start: Where the adapter begins.
        settings: How long, how fast and on what.

    Raises:
        CheckpointError: If the checkpoint to begin with is none, or one of another adapter.
    """
    config, plan = bureau.config, bureau.plan
    trainer = MetaTrainer(
        plan.source_spec,
        plan.target_spec,
        feeds={feed.name: feed.trained for feed in plan.feeds},
        build=lambda path: build_stack(path, bureau.registry.blob, bureau.catalog),
        spec_of=lambda path: bureau.catalog.spec(path.target),
        prefix=plan.prefix,
    )
    if config.ckpt == "none":
        (bureau.folder / "last.ckpt").unlink(missing_ok=True)
    graph = trainer.graph(
        adapter_settings(config.adapter), start=start, terms=term_settings(config)
    )
    fitted = trainer.fit(
        graph,
        data_module(config, materials, trainer.term_names),
        settings=settings,
        run_dir=bureau.folder,
        progress=bureau.narrator.is_watched,
        begin=maybe_checkpoint(config.ckpt),
    )
    bureau.narrator.say(
        f"{fitted.steps:,} steps, best validation loss {fitted.best_loss:.4f}; "
        f"curves and checkpoints in {str(bureau.folder)!r}"
    )
    return fitted


def export_net(bureau: Bureau, fitted: Fitted, ground: Groundwork) -> Candidate:
    """Make a file of a trained adapter, checked on some rows."""
    plan, kind = bureau.plan, bureau.config.adapter.kind
    materials = ground.materials[0]
    example = materials.source.take(materials.rows[Split.VALIDATION][:8])
    exported = export_adapter(
        fitted.adapter, plan.source_spec, plan.target_spec, example=example
    )
    return make_candidate(
        kind, exported, key=bureau.key, runner=bureau.runner, familiarity=ground.familiarity
    )
