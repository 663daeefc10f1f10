"""Read the rows of a run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from transcoder.data import Table, load_table, rows_of
from transcoder.recipe import RunConfig
from transcoder.runs._materials import Rows, Source, spread
from transcoder.runs._narration import Narrator
from transcoder.runs._plan import TrainingPlan
from transcoder.vocabulary import Catalog, Dataset, Split


def read_sources(
    plan: TrainingPlan, catalog: Catalog, config: RunConfig, narrator: Narrator
) -> dict[str, Source]:
    """Read every dataset of a plan once, those without partners too."""
    if not plan.has_pairs:
        config = replace(config, data=replace(config.data, pairs=0))
    sources = {
        feed.dataset.name: read_source(feed.dataset, catalog, config, narrator)
        for feed in plan.feeds
    }
    for route in (*plan.source_pools, *plan.target_pools):
        if route.dataset not in sources:
            dataset = catalog.dataset(route.dataset)
            sources[route.dataset] = _read_pool(dataset, catalog, config, narrator)
    return sources


def read_source(
    dataset: Dataset, catalog: Catalog, config: RunConfig, narrator: Narrator
) -> Source:
    """Load a dataset, split it, and tell how large it is."""
    table, data = _load(dataset, catalog, config), config.data
    rows = rows_of(table, dataset)
    for split in (Split.VALIDATION, Split.TEST):
        rows[split] = spread(rows[split], data.judged_rows)
    training = rows[Split.TRAIN]
    if data.pairs is not None:
        rows[Split.TRAIN] = _drawn(training, data.pairs, strata=table.strata, seed=config.seed)
    pool = spread(np.setdiff1d(training, rows[Split.TRAIN]), data.pool_rows)
    counts = ", ".join(f"{len(rows[split]):,} {split.value}" for split in Split)
    grouping = repr(dataset.group) if dataset.group else "row"
    if table.splits is not None:
        grouping = "the dataset itself"
    narrator.say(f"{dataset.name}: {counts} rows, split by {grouping}")
    if data.pairs is not None:
        hidden = len(training) - len(rows[Split.TRAIN])
        narrator.say(
            f"{dataset.name}: of {hidden:,} training rows the partner is not looked at"
        )
    return Source(table, rows, pool)


def _read_pool(
    dataset: Dataset, catalog: Catalog, config: RunConfig, narrator: Narrator
) -> Source:
    """Load as many training rows of a dataset as are looked at without partners."""
    table = _load(dataset, catalog, config)
    training = rows_of(table, dataset, needed={Split.TRAIN})[Split.TRAIN]
    table = table.subset(spread(training, config.data.pool_rows))
    narrator.say(f"{dataset.name}: {len(table):,} of {len(training):,} rows, without partners")
    return Source(table, {Split.TRAIN: np.arange(len(table))})


def _load(dataset: Dataset, catalog: Catalog, config: RunConfig) -> Table:
    return load_table(
        dataset,
        catalog,
        max_skipped=config.data.max_skipped,
        allow=config.registry.allow,
    )


def _drawn(rows: Rows, count: int, *, strata: Sequence[str] | None, seed: int) -> Rows:
    """Draw rows, from each stratum equally many as long as it has some."""
    drawn = np.random.default_rng(seed).permutation(rows)
    if strata is not None:
        seen: Counter[str] = Counter()
        turns = []
        for row in drawn:
            seen[strata[row]] += 1
            turns.append(seen[strata[row]])
        drawn = drawn[np.argsort(turns, kind="stable")]
    return np.sort(drawn[:count])
