"""From a run's configuration to the settings of each part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from transcoder.adapters import (
    AdapterSettings,
    AttentionSettings,
    BiLstmSettings,
    LinearSettings,
    LowRankSettings,
    MlpSettings,
    ResidualSettings,
)
from transcoder.errors import UnknownNameError
from transcoder.recipe import AdapterConfig, RunConfig
from transcoder.runs._materials import Materials, Source
from transcoder.training import (
    SOURCE,
    Feed,
    FitSettings,
    LatentDataModule,
    ShuffledOrder,
    TermSettings,
    Watch,
)
from transcoder.vocabulary import Split, TargetKind

_SETTINGS: Mapping[str, Callable[..., AdapterSettings]] = {
    "attention": AttentionSettings,
    "bilstm": BiLstmSettings,
    "linear": LinearSettings,
    "low_rank": LowRankSettings,
    "mlp": MlpSettings,
    "partial": partial(ResidualSettings, train_start=False),
    "residual": ResidualSettings,
}


def adapter_settings(config: AdapterConfig) -> AdapterSettings:
    """Give the settings of the adapter that a run asks for.

    Raises:
        UnknownNameError: If there is no adapter of that kind.
    """
    if config.kind not in _SETTINGS:
        raise UnknownNameError("adapter", config.kind, _SETTINGS)
    knobs = asdict(config)
    return _SETTINGS[knobs.pop("kind")](**knobs)


def fit_settings(config: RunConfig, watch: Watch | None = None) -> FitSettings:
    """Give the settings of the fit that a run asks for."""
    return FitSettings(**asdict(config.trainer), **asdict(config.optimizer), watch=watch)


def term_settings(config: RunConfig) -> TermSettings:
    """Give how the terms of the loss go together."""
    weights = {
        TargetKind.LATENT_MATCH: config.weights.latent,
        TargetKind.OUTPUT_MATCH: config.weights.output,
        TargetKind.CYCLE: config.weights.cycle,
    }
    return TermSettings(weights, config.data.suffix_rows, asdict(config.objective))


def data_module(
    config: RunConfig,
    materials: Sequence[Materials],
    term_names: Mapping[str, tuple[str, ...]],
) -> LatentDataModule:
    """Join what goes in with what each term compares with, row by row, for each feed."""
    feeds = [
        _feed(
            config,
            each,
            term_names[each.feed],
            seed=(config.seed, place) if place else config.seed,
        )
        for place, each in enumerate(materials)
    ]
    return LatentDataModule(feeds, batch_size=config.data.batch_size)


def order_of(
    config: RunConfig, source: Source, *, seed: int | tuple[int, int] | None = None
) -> ShuffledOrder:
    """Give the training rows of each epoch; by default in the order of the run's seed."""
    training, strata = source.rows[Split.TRAIN], source.table.strata
    return ShuffledOrder(
        training,
        seed=config.seed if seed is None else seed,
        strata=[strata[row] for row in training] if strata is not None else None,
        balance=config.data.balance,
    )


def _feed(
    config: RunConfig,
    materials: Materials,
    term_names: tuple[str, ...],
    *,
    seed: int | tuple[int, int],
) -> Feed:
    order = order_of(config, Source(materials.table, materials.rows), seed=seed)
    parts = {SOURCE: materials.entered}
    parts |= dict(zip(term_names, materials.references, strict=True))
    return Feed(materials.feed, parts, order, materials.rows[Split.VALIDATION])
