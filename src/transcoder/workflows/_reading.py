"""Read the rows of a run."""

from collections.abc import Mapping

import numpy as np

from transcoder.data import load_table, rows_of
from transcoder.recipe import RunConfig
from transcoder.vocabulary import Catalog, Dataset, Split
from transcoder.workflows._materials import Source
from transcoder.workflows._narration import Narrator


def read_source(
    dataset: Dataset, catalog: Catalog, config: RunConfig, narrator: Narrator
) -> Source:
    """Load a dataset, split it, and tell how large it is."""
    table = load_table(
        dataset,
        catalog,
        max_skipped=config.data.max_skipped,
        allow=config.registry.allow,
    )
    rows = _judged(rows_of(table, dataset), config.data.judged_rows)
    counts = ", ".join(f"{len(rows[split]):,} {split.value}" for split in Split)
    grouping = repr(dataset.group) if dataset.group else "row"
    if table.splits is not None:
        grouping = "the dataset itself"
    narrator.say(f"{dataset.name}: {counts} rows, split by {grouping}")
    return Source(table, rows)


def _judged(rows: Mapping[Split, np.ndarray], most: int) -> Mapping[Split, np.ndarray]:
    """Leave no more rows of the splits that are looked at whole, evenly spread."""
    kept = dict(rows)
    for split in (Split.VALIDATION, Split.TEST):
        places = np.linspace(0, len(rows[split]) - 1, min(most, len(rows[split])))
        kept[split] = rows[split][places.round().astype(np.int64)]
    return kept
