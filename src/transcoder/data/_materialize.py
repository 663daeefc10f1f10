"""Run everything that needs no gradient, once, and keep it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

import numpy as np

from transcoder.data._layout import layouts_of
from transcoder.data._shards import Helper, ShardFolder, compute_shard
from transcoder.data._store import LatentStore
from transcoder.data._stored import FORMAT, StoredTensors
from transcoder.data._table import Table
from transcoder.data._windows import WindowReader, WindowRunner
from transcoder.data._writer import EntryWriter
from transcoder.errors import DataError
from transcoder.sessions import Runner, split_rows
from transcoder.vocabulary import (
    Catalog,
    Edge,
    JsonValue,
    Route,
    Segment,
    Spec,
    digest_of,
)

Progress: TypeAlias = Callable[[int], None]

_SAMPLE_ROWS = 64


def store_key(
    route: Route, table: Table, catalog: Catalog, *, storage_dtype: str | None = None
) -> str:
    """Name what a route makes of a table by everything that it is computed from.

    Args:
        route: From a column to a tensor modality.
        table: The rows.
        catalog: What is registered.
        storage_dtype: Of float32 and float64 on disk, where it is to be another.

    Returns:
        SHA-256 over the store's format, the column's values, every edge's identity, every
        station's spec and the dtype on disk, in hexadecimal.
    """
    entries = (catalog.entry(modality) for modality in route.path.modalities)
    specs: list[JsonValue] = [str(entry.spec) if entry.spec else None for entry in entries]
    edges = [_identity(edge) for edge in route.path.edges]
    told: list[JsonValue] = [FORMAT, table.column_digest(route.column), edges, specs]
    return digest_of(told if storage_dtype is None else [*told, storage_dtype])


def edge_identity(edge: Edge) -> str:
    """Name an edge by everything that what it makes depends on, SHA-256 in hexadecimal."""
    return digest_of(_identity(edge))


def is_stored(route: Route, table: Table, *, catalog: Catalog, store: LatentStore) -> bool:
    """Whether `materialize` would find everything done."""
    return store.has(_key(route, table, catalog, store))


def planned_bytes(
    route: Route,
    table: Table,
    *,
    catalog: Catalog,
    runner: Runner,
    storage_dtype: str | None = None,
) -> int:
    """Say how large the stored tensors of a route will be.

    Exact where all rows have one shape; otherwise by running a sample spread over the table.

    Raises:
        DataError: If the route does not end in tensors.
    """
    spec = _spec_of(route, catalog)
    layouts = layouts_of(spec, "the latent store", storage_dtype=storage_dtype)
    if all(layout.free is None for layout in layouts):
        return len(table) * sum(layout.item_bytes for layout in layouts)
    column = table.column(route.column)
    numbers = np.linspace(0, len(table) - 1, min(len(table), _SAMPLE_ROWS), dtype=np.int64)
    values = [column[int(number)] for number in numbers]
    rows = _rows_of(route, table, spec, runner, _SAMPLE_ROWS)
    done = rows.run_batch(numbers, values)
    if done is None:
        return 0
    sample = split_rows(done[1], spec)
    size_bytes = sum(
        row[layout.name].size * layout.stored.itemsize for row in sample for layout in layouts
    )
    offsets = 8 * sum(layout.free is not None for layout in layouts)
    return round(len(table) * (size_bytes / len(sample) + offsets))


def materialize(  # noqa: PLR0913 # the parts are the caller's to share, so each is named
    route: Route,
    table: Table,
    *,
    catalog: Catalog,
    runner: Runner,
    store: LatentStore,
    batch_size: int = 256,
    progress: Progress | None = None,
) -> StoredTensors:
    """Compute what a route makes of every row, unless the store has it.

    A killed run is gone on with. A second process computes shards for the first meanwhile, none
    of them twice, and opens its result.

    Args:
        route: From a column to a tensor modality.
        table: The rows.
        catalog: What is registered.
        runner: What runs the route.
        store: Where the result is kept.
        batch_size: How many rows go together.
        progress: Told how many rows are done since the last call.

    Returns:
        The tensors of the route's target for every row of the table, in its order.

    Raises:
        DataError: If the route does not end in tensors, the column has changed since its
            digest was taken, or more rows cannot be used than the table may leave out.
        NonFiniteError: If a tensor of some row holds NaN or infinity and none may be left out.
        StorageError: If the store is damaged, too small, full or not to be written.
    """
    spec = _spec_of(route, catalog)
    key = _key(route, table, catalog, store)
    tell = progress or _ignore
    stored = store.maybe_open(key)
    if stored is None:
        rows = _rows_of(route, table, spec, runner, batch_size)
        helper = Helper(table.column(route.column), rows, store.partial(key))
        with store.locked(key, meanwhile=helper):
            stored = store.maybe_open(key)
            if stored is None:
                edges = [edge_identity(edge) for edge in route.path.edges]
                writer = store.writer(
                    key, spec=spec, rows=len(table), route=str(route), edges=edges
                )
                shards = ShardFolder(store.partial(key), rows.layouts)
                _compute(rows, table, writer, shards=shards, tell=tell)
                return store.open(key)
    table.skipped.note(stored.skipped)
    tell(len(table))
    return stored


def _compute(
    rows: WindowRunner,
    table: Table,
    writer: EntryWriter,
    *,
    shards: ShardFolder,
    tell: Progress,
) -> None:
    """Fill an entry: read ahead in one thread, run in this one, write behind in another."""
    with writer, ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as behind:
        reader = _reader(rows, table, writer)
        table.skipped.note(writer.skipped)
        tell(writer.done)
        window = reader.maybe_next()
        written: Future[None] | None = None
        while window is not None:
            upcoming = ahead.submit(reader.maybe_next)
            with shards.awaited(window) as found:
                shard = found or compute_shard(rows, window, tell)
            if found is not None:
                table.skipped.note(found.skipped)
                tell(window.stop - window.start)
            if written is not None:
                written.result()
            written = behind.submit(
                writer.append, shard.columns, read=window.read, skipped=shard.skipped
            )
            window = upcoming.result()
        if written is not None:
            written.result()
        if writer.read != table.column_digest(rows.column):
            writer.discard()
            reason = f"column {rows.column!r} has changed while it was read"
            remedy = "nothing of it was kept; run again when nobody writes to its files"
            raise DataError(table.name, reason, remedy)
        writer.finish()


def _reader(rows: WindowRunner, table: Table, writer: EntryWriter) -> WindowReader:
    """Read again what recorded rows were computed from; forget them where it has changed."""
    column = table.column(rows.column)
    reader = WindowReader(column, len(table), batch_size=rows.batch_size)
    if not writer.done or reader.skip_to(writer.done) == writer.read:
        return reader
    writer.begin_anew()
    return WindowReader(column, len(table), batch_size=rows.batch_size)


def _key(route: Route, table: Table, catalog: Catalog, store: LatentStore) -> str:
    return store_key(route, table, catalog, storage_dtype=store.storage_dtype)


def _rows_of(
    route: Route, table: Table, spec: Spec, runner: Runner, batch_size: int
) -> WindowRunner:
    layouts = layouts_of(spec, "the latent store")
    return WindowRunner(
        route.path, route.column, spec, layouts, runner, batch_size, table.skipped
    )


def _identity(edge: Edge) -> JsonValue:
    if isinstance(edge, Segment):
        return [edge.digest, edge.names]
    return edge.digest


def _spec_of(route: Route, catalog: Catalog) -> Spec:
    spec = catalog.entry(route.path.target).spec
    if spec is None:
        found = f"the route {route} ends in content and only tensors are stored"
        raise DataError(route.dataset, found, "end it in a modality that a spec carries")
    return spec


def _ignore(_rows: int) -> None:
    return None
