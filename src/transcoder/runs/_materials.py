"""Everything frozen, computed once for every row of a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from transcoder.data import (
    LatentStore,
    StoredTensors,
    Table,
    is_stored,
    materialize,
    planned_bytes,
    usable_rows,
)
from transcoder.runs._narration import Narrator
from transcoder.runs._plan import TrainingPlan
from transcoder.sessions import Runner
from transcoder.vocabulary import Catalog, Route, Split

Rows = NDArray[np.int64]

_BLOCK = 4096
"""Rows that are read together."""


def _none() -> Rows:
    return np.empty(0, dtype=np.int64)


def blocks(rows: Rows) -> Iterator[Rows]:
    """Part rows (row) into pieces that are read together."""
    return (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))


def spread(rows: Rows, most: int) -> Rows:
    """Leave no more rows (row) than so many, evenly spread."""
    places = np.linspace(0, len(rows) - 1, min(most, len(rows)))
    return rows[places.round().astype(np.int64)]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The rows of a dataset.

    Attributes:
        table: The rows themselves.
        rows: Row numbers of each split, (row).
        pool: Row numbers of those whose partners are not to be known, (row).
    """

    table: Table
    rows: Mapping[Split, Rows]
    pool: Rows = field(default_factory=_none)


@dataclass(frozen=True, slots=True, eq=False)
class Materials:
    """Stored tensors of every row of a feed, and which rows are for what.

    Attributes:
        feed: Its name.
        table: The rows themselves.
        rows: Row numbers of each split, (row).
        source: Latents of A.
        target: Latents of B, or None where no row leads to both.
        entered: What the prefix takes, or the latents of A where there is none.
        references: What each trained opportunity compares with, in their order.
        pool: Row numbers of those whose partners are not to be known, (row).
    """

    feed: str
    table: Table
    rows: Mapping[Split, Rows]
    source: StoredTensors
    target: StoredTensors | None
    entered: StoredTensors
    references: tuple[StoredTensors, ...]
    pool: Rows = field(default_factory=_none)


@dataclass(frozen=True, slots=True, eq=False)
class Workshop:
    """What computes routes and where the results are kept.

    Attributes:
        catalog: What is registered.
        runner: Runs segments and oracles.
        store: Keeps what they made.
        batch_size: Rows that go through a net together.
        narrator: Shows how far it is.
    """

    catalog: Catalog
    runner: Runner
    store: LatentStore
    batch_size: int
    narrator: Narrator

    def materialize(self, route: Route, table: Table) -> StoredTensors:
        """Compute a route for every row, or find it done; shows a bar while it works."""
        name = f"{route.column} => {route.path.target}"
        if is_stored(route, table, catalog=self.catalog, store=self.store):
            self.narrator.say(f"{name}: {len(table):,} rows are in the store already")
        else:
            size = planned_bytes(
                route,
                table,
                catalog=self.catalog,
                runner=self.runner,
                storage_dtype=self.store.storage_dtype,
            )
            megabytes = size / 2**20
            self.narrator.say(f"{name}: {len(table):,} rows, {megabytes:.1f} MiB to be stored")
            self.store.require_space(size)
        with self.narrator.bar(name, len(table)) as advance:
            stored = materialize(
                route,
                table,
                catalog=self.catalog,
                runner=self.runner,
                store=self.store,
                batch_size=self.batch_size,
                progress=advance,
            )
        for tensor, loss in stored.losses.items():
            self.narrator.say(f"{name}: {tensor!r} as {self.store.storage_dtype}, {loss}")
        return stored


def gather_materials(
    plan: TrainingPlan, sources: Mapping[str, Source], *, workshop: Workshop
) -> tuple[Materials, ...]:
    """Compute every route of a plan, each once; a row that one cannot use leaves all of them.

    Args:
        plan: What is trained on.
        sources: The rows of each dataset.
        workshop: What computes.

    Returns:
        Those of each feed, in order.

    Raises:
        DataError: If too many rows cannot be used, or none of a split is left.
    """
    made: dict[Route, StoredTensors] = {}

    def stored(route: Route) -> StoredTensors:
        if route not in made:
            made[route] = workshop.materialize(route, sources[route.dataset].table)
        return made[route]

    found = [
        Materials(
            feed=feed.name,
            table=sources[feed.dataset.name].table,
            rows=sources[feed.dataset.name].rows,
            source=stored(feed.input),
            target=stored(feed.latent.reference) if plan.has_pairs else None,
            entered=stored(feed.stored_input(plan.prefix)),
            references=tuple(stored(each.reference) for each in feed.trained),
            pool=sources[feed.dataset.name].pool,
        )
        for feed in plan.feeds
    ]
    for name, source in sources.items():
        skipped = source.table.skipped
        if skipped:
            workshop.narrator.say(f"{name}: {len(skipped)} rows left out: {skipped.summary}")
    return tuple(_usable(each) for each in found)


def _usable(materials: Materials) -> Materials:
    rows = usable_rows(materials.table, materials.rows)
    skipped = np.array(materials.table.skipped.rows, dtype=np.int64)
    return replace(materials, rows=rows, pool=np.setdiff1d(materials.pool, skipped))
