"""Try a recipe on a few rows: one step of everything, or one batch learnt by heart."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from transcoder.data import LatentStore
from transcoder.recipe import DebugChoice, RunConfig
from transcoder.runs._bureau import Bureau
from transcoder.runs._fitting import fit_settings
from transcoder.runs._groundwork import lay_groundwork
from transcoder.runs._materials import Source, spread
from transcoder.runs._net import export_net, fit_net
from transcoder.vocabulary import Split

_JUDGED_ROWS = 64
_OVERFIT_EPOCHS, _OVERFIT_STEPS = 30, 10
"""How often the batch is validated, and how often it is learnt from between."""


def try_out(bureau: Bureau, sources: Mapping[str, Source]) -> None:
    """Take the stages of a run on a batch of each dataset; nothing is kept or registered.

    With `debug=step` one batch is learnt from, the adapter is exported, and the file judged.
    With `debug=overfit` one batch is learnt from over and over, and is also what validates:
    an adapter that cannot come near it by heart will not learn the whole either.

    Args:
        bureau: What is at hand.
        sources: The rows of each dataset.
    """
    config = bureau.config
    few = {name: _few(each, config) for name, each in sources.items()}
    with TemporaryDirectory(prefix="transcoder-try-") as place:
        tried = replace(bureau, folder=Path(place) / "run")
        ground = lay_groundwork(tried, few, LatentStore(Path(place) / "store"))
        bureau.narrator.stage(f"Fit, debug={config.debug.value}")
        epochs = _OVERFIT_EPOCHS if config.debug is DebugChoice.overfit else 1
        settings = replace(fit_settings(config), max_epochs=epochs, patience=None)
        fitted = fit_net(tried, ground.materials, ground.start, settings)
        first, last = fitted.history[0]["train/loss"], fitted.history[-1]["train/loss"]
        bureau.narrator.say(f"loss of the batch {first:.4f} at first, {last:.4f} at last")
        net = export_net(tried, fitted, ground)
        judged = ground.bench.judgement(net, Split.VALIDATION)
        scores = ", ".join(f"{each.name} {each.value:.3f}" for each in judged.scores)
        bureau.narrator.say(f"the exported file: {scores}; nothing was registered")


def _few(source: Source, config: RunConfig) -> Source:
    """Keep one batch to learn from, and some rows to look at."""
    rows = {
        split: spread(chosen, config.data.batch_size if split is Split.TRAIN else _JUDGED_ROWS)
        for split, chosen in source.rows.items()
    }
    if config.debug is DebugChoice.overfit:
        rows[Split.VALIDATION] = rows[Split.TRAIN]
    kept = np.unique(np.concatenate(list(rows.values())))
    renumbered = {split: np.searchsorted(kept, chosen) for split, chosen in rows.items()}
    if config.debug is DebugChoice.overfit:
        renumbered[Split.TRAIN] = np.tile(renumbered[Split.TRAIN], _OVERFIT_STEPS)
    return Source(source.table.subset(kept), renumbered)
