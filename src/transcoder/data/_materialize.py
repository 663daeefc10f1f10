"""Run everything that needs no gradient, once, and keep it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from transcoder.data._content import ContentDigest
from transcoder.data._layout import RowArrays, layouts_of
from transcoder.data._store import LatentStore
from transcoder.data._stored import FORMAT, StoredTensors
from transcoder.data._table import Table
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
    Tensors,
    Value,
    Waveform,
    digest_of,
)

Progress: TypeAlias = Callable[[int], None]

_WINDOW_BATCHES = 8  # batches are sorted by length within so many
_SAMPLE_ROWS = 64


def store_key(route: Route, table: Table, catalog: Catalog) -> str:
    """Name what a route makes of a table by everything that it is computed from.

    Args:
        route: From a column to a tensor modality.
        table: The rows.
        catalog: What is registered.

    Returns:
        SHA-256 over the store's format, the column's values, every edge's identity and every
        station's spec, in hexadecimal.
    """
    entries = (catalog.entry(modality) for modality in route.path.modalities)
    specs: list[JsonValue] = [str(entry.spec) if entry.spec else None for entry in entries]
    edges = [_identity(edge) for edge in route.path.edges]
    return digest_of([FORMAT, table.column_digest(route.column), edges, specs])


def edge_identity(edge: Edge) -> str:
    """Name an edge by everything that what it makes depends on, SHA-256 in hexadecimal."""
    return digest_of(_identity(edge))


def is_stored(route: Route, table: Table, *, catalog: Catalog, store: LatentStore) -> bool:
    """Whether `materialize` would find everything done."""
    return store.has(store_key(route, table, catalog))


def planned_bytes(route: Route, table: Table, *, catalog: Catalog, runner: Runner) -> int:
    """Say how large the stored tensors of a route will be.

    Exact where all rows have one shape; otherwise by running a sample spread over the table.

    Raises:
        DataError: If the route does not end in tensors.
    """
    spec = _spec_of(route, catalog)
    layouts = layouts_of(spec, "the latent store")
    if all(layout.free is None for layout in layouts):
        return len(table) * sum(layout.item_bytes for layout in layouts)
    column = table.column(route.column)
    numbers = np.linspace(0, len(table) - 1, min(len(table), _SAMPLE_ROWS), dtype=np.int64)
    values = [column[int(number)] for number in numbers]
    rows = runner.run(route.path, values)
    sizes = [array.nbytes for row in rows if isinstance(row, Mapping) for array in row.values()]
    offsets = 8 * sum(layout.free is not None for layout in layouts)
    return round(len(table) * (sum(sizes) / len(rows) + offsets))


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

    A killed run is gone on with; a second process waits for the first and opens its result.

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
        DataError: If the route does not end in tensors, or the column has changed since its
            digest was taken.
        NonFiniteError: If a tensor of some row holds NaN or infinity.
        StorageError: If the store is damaged, too small, full or not to be written.
    """
    spec = _spec_of(route, catalog)
    key = store_key(route, table, catalog)
    tell = progress or _ignore
    stored = store.maybe_open(key)
    if stored is None:
        with store.locked(key):
            stored = store.maybe_open(key)
            if stored is None:
                parts = _Parts(route, table, spec, runner, batch_size, tell)
                edges = [edge_identity(edge) for edge in route.path.edges]
                writer = store.writer(
                    key, spec=spec, rows=len(table), route=str(route), edges=edges
                )
                _compute(parts, writer)
                return store.open(key)
    tell(len(table))
    return stored


@dataclass(frozen=True, slots=True)
class _Parts:
    """What every window of rows needs."""

    route: Route
    table: Table
    spec: Spec
    runner: Runner
    batch_size: int
    tell: Progress


def _compute(parts: _Parts, writer: EntryWriter) -> None:
    column = parts.table.column(parts.route.column)
    step = parts.batch_size * _WINDOW_BATCHES
    with writer:
        read = _read_again(column, writer, step)
        parts.tell(writer.done)
        while writer.done < len(parts.table):
            start = writer.done
            window = column[start : start + step]
            read.update(window)
            writer.append(_window(parts, window, start), read=read.hexdigest())
        if read.hexdigest() != parts.table.column_digest(parts.route.column):
            writer.discard()
            found = f"column {parts.route.column!r} has changed while it was read"
            remedy = "nothing of it was kept; run again when nobody writes to its files"
            raise DataError(parts.table.name, found, remedy)
        writer.finish()


def _read_again(column: Sequence[Value], writer: EntryWriter, step: int) -> ContentDigest:
    """Digest what the recorded rows were computed from; forget them where it has changed."""
    read = ContentDigest()
    for start in range(0, writer.done, step):
        read.update(column[start : min(start + step, writer.done)])
    if writer.done and read.hexdigest() != writer.read:
        writer.begin_anew()
        return ContentDigest()
    return read


def _window(parts: _Parts, values: Sequence[Value], start: int) -> dict[str, RowArrays]:
    """Run some rows in batches of like length; give all tensors in the order of the rows."""
    order = sorted(range(len(values)), key=lambda place: _length(values[place]))
    batches = []
    for first in range(0, len(order), parts.batch_size):
        places = order[first : first + parts.batch_size]
        numbers = [start + place for place in places]
        picked = [values[place] for place in places]
        batches.append(
            _tensors(parts.runner.run_batch(parts.route.path, picked, numbers=numbers))
        )
        parts.tell(len(places))
    back: NDArray[np.int64] = np.argsort(np.array(order, dtype=np.int64))
    return _in_order(batches, parts.spec, back)


def _in_order(
    batches: Sequence[Tensors], spec: Spec, back: NDArray[np.int64]
) -> dict[str, RowArrays]:
    columns: dict[str, RowArrays] = {}
    ragged = [
        each.name for each in spec.tensors if any(isinstance(a, str) for a in each.axes[1:])
    ]
    rows = [row for batch in batches for row in split_rows(batch, spec)] if ragged else []
    for name in spec.names:
        if name in ragged:
            columns[name] = [rows[place][name] for place in back]
        else:
            columns[name] = np.concatenate([batch[name] for batch in batches])[back]
    return columns


def _tensors(given: Tensors | list[Value]) -> Tensors:
    return given if isinstance(given, Mapping) else {}


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value)
    return len(value.samples) if isinstance(value, Waveform) else 0


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
