"""Windows of rows: read ahead, run in batches of like length, put back in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from transcoder.data._columns import LazyColumn
from transcoder.data._content import ContentDigest
from transcoder.data._layout import Layout, RowArrays
from transcoder.data._skipped import EMPTY_TEXT, SkippedRows, refused_row
from transcoder.errors import ConversionError, DataError, NonFiniteError, OracleError
from transcoder.sessions import Runner, split_rows
from transcoder.vocabulary import Array, EdgePath, Spec, Tensors, Value, Waveform

_BATCHES = 8  # sorted by length within so many
_SIZE_BYTES = 64 * 2**20  # no further piece is read into a window of that size

Piece: TypeAlias = list[Value] | dict[str, Array]
"""Values of single rows, or one batch of tensors."""


def read_piece(column: Sequence[Value], start: int, stop: int) -> Piece:
    """Read rows from start to before stop, as one batch of tensors where that is possible."""
    block = column.maybe_block(start, stop) if isinstance(column, LazyColumn) else None
    return list(column[start:stop]) if block is None else block


def digest_piece(digest: ContentDigest, piece: Piece) -> None:
    """Add what a piece holds; how rows are parted into pieces makes no difference."""
    if isinstance(piece, list):
        digest.update(piece)
    else:
        digest.update_block(piece)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Rows that are worked on together.

    Attributes:
        start: Number of the first.
        stop: Number behind the last.
        pieces: What they hold.
        read: Digest of all values of the column up to the last.
    """

    start: int
    stop: int
    pieces: tuple[Piece, ...]
    read: str


@final
class WindowReader:
    """Reads a column window by window and digests what it reads.

    Args:
        column: What to read.
        rows: How many to read in all.
        batch_size: Rows of a piece.
    """

    def __init__(self, column: Sequence[Value], rows: int, *, batch_size: int) -> None:
        self._column = column
        self._rows = rows
        self._batch_size = batch_size
        self._digest = ContentDigest()
        self._done = 0

    def skip_to(self, row: int) -> str:
        """Read on to a row for the digest alone, and give it."""
        while self._done < row:
            self._piece(min(self._done + self._batch_size, row))
        return self._digest.hexdigest()

    def maybe_next(self) -> Window | None:
        """Read the next window; None behind the last row."""
        start, size_bytes = self._done, 0
        pieces: list[Piece] = []
        while self._done < self._rows and len(pieces) < _BATCHES and size_bytes < _SIZE_BYTES:
            piece = self._piece(min(self._done + self._batch_size, self._rows))
            size_bytes += _size_bytes(piece)
            pieces.append(piece)
        if not pieces:
            return None
        return Window(start, self._done, tuple(pieces), self._digest.hexdigest())

    def _piece(self, stop: int) -> Piece:
        piece = read_piece(self._column, self._done, stop)
        digest_piece(self._digest, piece)
        self._done = stop
        return piece


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Rows that go through the nets together.

    Attributes:
        numbers: Of the rows, (row).
        values: What they hold.
    """

    numbers: NDArray[np.int64]
    values: Piece

    def without(self, number: int) -> "_Batch":
        kept = np.flatnonzero(self.numbers != number)
        if isinstance(self.values, list):
            return _Batch(self.numbers[kept], [self.values[place] for place in kept])
        return _Batch(
            self.numbers[kept], {name: each[kept] for name, each in self.values.items()}
        )


@dataclass(frozen=True, slots=True, eq=False)
class WindowRunner:
    """Takes windows along a path; rows that cannot be used are noted, and left out.

    Attributes:
        path: Where to go.
        column: What errors call the column.
        spec: What carries a row at the end.
        layouts: How its tensors lie.
        runner: What runs the path.
        batch_size: Rows of a batch.
        skipped: Where rows that cannot be used are noted.
    """

    path: EdgePath
    column: str
    spec: Spec
    layouts: tuple[Layout, ...]
    runner: Runner
    batch_size: int
    skipped: SkippedRows

    def run(self, window: Window) -> Iterator[tuple[NDArray[np.int64], Tensors]]:
        """Give batch after batch what came out, with the numbers of its rows."""
        for batch in self._batches(window):
            done = self.run_batch(batch.numbers, batch.values)
            if done is not None:
                yield done

    def run_batch(
        self, numbers: NDArray[np.int64], values: Piece
    ) -> tuple[NDArray[np.int64], Tensors] | None:
        """Take rows to the end; None where none of them can be used."""
        batch = _Batch(numbers, values)
        for row in self._unusable(batch):
            batch = batch.without(row)
        while len(batch.numbers):
            try:
                return batch.numbers, self._given(batch)
            except (ConversionError, NonFiniteError, OracleError) as error:
                refused = refused_row(error)
                if refused is None or not self.skipped.most:
                    raise
                self.skipped.note(dict([refused]))
                batch = batch.without(refused[0])
        return None

    def columns(
        self, window: Window, batches: Sequence[tuple[NDArray[np.int64], Tensors]]
    ) -> dict[str, RowArrays]:
        """Put what came out in the order of the rows, with blanks where a row was left out."""
        count = window.stop - window.start
        numbers = [each for each, _ in batches]
        places = np.concatenate([*numbers, np.empty(0, np.int64)]) - window.start
        is_whole = np.array_equal(places, np.arange(count))
        is_ragged = any(layout.free is not None for layout in self.layouts)
        parted = [split_rows(batch, self.spec) for _, batch in batches] if is_ragged else []
        rows = [row for each in parted for row in each]
        columns: dict[str, RowArrays] = {}
        for layout in self.layouts:
            if layout.free is not None:
                ragged = [layout.blank] * count
                for place, row in zip(places.tolist(), rows, strict=True):
                    ragged[place] = row[layout.name]
                columns[layout.name] = ragged
                continue
            given = [batch[layout.name] for _, batch in batches]
            columns[layout.name] = _placed(given, layout, places, None if is_whole else count)
        return columns

    def _given(self, batch: _Batch) -> Tensors:
        numbers = batch.numbers.tolist()
        if isinstance(batch.values, list):
            given = self.runner.run_batch(self.path, batch.values, numbers=numbers)
        else:
            given = self.runner.run_arrays(self.path, batch.values, numbers=numbers)
        return given if isinstance(given, Mapping) else {}

    def _batches(self, window: Window) -> Iterator[_Batch]:
        start = window.start
        values: list[Value] = []
        for piece in window.pieces:
            if isinstance(piece, list):
                values += piece
                continue
            stop = start + len(next(iter(piece.values())))
            yield _Batch(np.arange(start, stop), piece)
            start = stop
        order = sorted(range(len(values)), key=lambda place: _length(values[place]))
        for first in range(0, len(order), self.batch_size):
            places = order[first : first + self.batch_size]
            numbers = np.array(places, dtype=np.int64) + start
            yield _Batch(numbers, [values[place] for place in places])

    def _unusable(self, batch: _Batch) -> list[int]:
        """Find rows that are known not to be usable, or hold empty text."""
        if not isinstance(batch.values, list):
            return [row for row in self.skipped.rows if row in batch.numbers]
        pairs = list(zip(batch.numbers.tolist(), batch.values, strict=True))
        empty = [row for row, value in pairs if isinstance(value, str) and not value.strip()]
        if empty and not self.skipped.most:
            found = f"column {self.column!r} holds an empty text at row {empty[0]}"
            remedy = "fill it, or leave some rows out with data.max_skipped"
            raise DataError(self.skipped.dataset, found, remedy)
        if empty:
            self.skipped.note(dict.fromkeys(empty, EMPTY_TEXT))
        return [row for row, _ in pairs if row in self.skipped]


def _placed(
    given: Sequence[Array], layout: Layout, places: NDArray[np.int64], count: int | None
) -> Array:
    """Join batches; into so many rows, each at its place, where they are not all in order."""
    if count is None:
        return given[0] if len(given) == 1 else np.concatenate(given)
    placed: Array = np.zeros((count, *layout.inner), dtype=layout.dtype)
    if given:
        placed[places] = np.concatenate(given)
    return placed


def _length(value: Value) -> int:
    """How long a row is; what is of like length is padded little."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Waveform):
        return len(value.samples)
    if isinstance(value, Mapping):
        return sum(array.size for array in value.values())
    return value.size if isinstance(value, np.ndarray) else 0


def _size_bytes(piece: Piece) -> int:
    if not isinstance(piece, list):
        return sum(array.nbytes for array in piece.values())
    return 4 * sum(map(_length, piece))
