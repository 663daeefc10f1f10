"""How the rows of one tensor lie in files: all of one shape, or one axis of any length."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import StorageError
from transcoder.vocabulary import Array, Spec, TensorSpec

Rows: TypeAlias = NDArray[np.int64]
"""Numbers of rows, or lengths of rows."""

_SHORT = 64  # steps up to which rows are gathered step by step

RowArrays: TypeAlias = Sequence[Array] | Array
"""One array for each row, or all of them as one, (row, ...)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One tensor of a stored spec.

    Attributes:
        name: The tensor's.
        dtype: Of its numbers.
        stored: Of its numbers on disk.
        free: Where a row's axis of any length stands; None where there is none. On disk it
            comes first.
        inner: The lengths of a row's other axes, in order.
        file: Name of the file of numbers.
        offsets_file: Name of the file that says where rows begin; None where all are alike.
    """

    name: str
    dtype: np.dtype[np.generic]
    stored: np.dtype[np.generic]
    free: int | None
    inner: tuple[int, ...]
    file: str
    offsets_file: str | None

    @classmethod
    def of(
        cls, number: int, tensor: TensorSpec, place: str, *, storage_dtype: str | None = None
    ) -> Self:
        """Lay out a tensor.

        Args:
            number: Where it stands in its spec; names the files.
            tensor: What is to be stored.
            place: The store, for the error.
            storage_dtype: Of float32 and float64 on disk, where it is to be another.

        Raises:
            StorageError: If it has two axes of any length, or a dtype without a plain form.
        """
        axes = tensor.axes[1:]
        free = [position for position, axis in enumerate(axes) if isinstance(axis, str)]
        remedy = "store a modality with a simpler spec, or run its path live"
        if len(free) > 1:
            reason = f"rows of {str(tensor)!r} have {len(free)} axes of any length, not one"
            raise StorageError(place, reason, remedy)
        if tensor.dtype in {"string", "bfloat16"}:
            reason = f"{str(tensor)!r} has no plain form on disk"
            raise StorageError(place, reason, remedy)
        is_long = tensor.dtype in {"float32", "float64"}
        return cls(
            name=tensor.name,
            dtype=np.dtype(tensor.dtype),
            stored=np.dtype(storage_dtype if is_long and storage_dtype else tensor.dtype),
            free=free[0] if free else None,
            inner=tuple(axis for axis in axes if isinstance(axis, int)),
            file=f"{number}.values",
            offsets_file=f"{number}.offsets" if free else None,
        )

    @property
    def item_bytes(self) -> int:
        """Size of one row, or of one step along its free axis."""
        return int(np.prod(self.inner, dtype=np.int64)) * self.stored.itemsize

    @property
    def is_shortened(self) -> bool:
        """Whether its numbers are shorter on disk."""
        return self.stored != self.dtype

    def numbers(self, rows: RowArrays) -> Array:
        """Put rows one after the other, the free axis first.

        Args:
            rows: Arrays of single rows.
        """
        if self.free is None:
            return np.ascontiguousarray(rows)
        free = self.free
        return np.ascontiguousarray(np.concatenate([np.moveaxis(row, free, 0) for row in rows]))

    def rows(self, numbers: Array, lengths: Rows) -> RowArrays:
        """Part numbers into rows again.

        Args:
            numbers: As `numbers` gave them.
            lengths: As `lengths` gave them; not looked at where all rows are alike.
        """
        if self.free is None:
            return numbers
        free = self.free
        pieces = np.split(numbers, np.cumsum(lengths)[:-1])
        return [np.moveaxis(piece, 0, free) for piece in pieces]

    @property
    def padding(self) -> Array:
        """What stands behind all numbers of a free axis: one step of zeros to pad rows with."""
        shape = (0 if self.free is None else 1, *self.inner)
        return np.zeros(shape, dtype=self.stored)

    @property
    def blank(self) -> Array:
        """What is stored for a row that was left out, without batch axis."""
        shape = list(self.inner)
        if self.free is not None:
            shape.insert(self.free, 0)
        return np.zeros(shape, dtype=self.dtype)

    def lengths(self, rows: RowArrays) -> Rows:
        """How long each row is along its free axis, int64 (row,)."""
        free = 0 if self.free is None else self.free
        return np.array([row.shape[free] for row in rows], dtype=np.int64)


def layouts_of(
    spec: Spec, place: str, *, storage_dtype: str | None = None
) -> tuple[Layout, ...]:
    """Lay out all tensors of a spec.

    Args:
        spec: What is to be stored.
        place: The store, for the error.
        storage_dtype: Of float32 and float64 on disk, where it is to be another.

    Raises:
        StorageError: If one of them cannot be stored.
    """
    return tuple(
        Layout.of(number, tensor, place, storage_dtype=storage_dtype)
        for number, tensor in enumerate(spec.tensors)
    )


@final
class FixedRows:
    """Rows of one shape, in a mapped file.

    Args:
        layout: How they lie.
        folder: Where.
        count: How many.
    """

    def __init__(self, layout: Layout, folder: Path, count: int) -> None:
        shape = (count, *layout.inner)
        self.array = _mapped(folder / layout.file, layout.stored, shape)
        self._dtype = layout.dtype

    def take(self, rows: Rows) -> Array:
        """Copy rows out, (batch, ...)."""
        taken: Array = self.array.take(rows, axis=0)
        return taken.astype(self._dtype, copy=False)


@final
class RaggedRows:
    """Rows of any length along one axis, in mapped files.

    Args:
        layout: How they lie.
        folder: Where.
        count: How many.
    """

    def __init__(self, layout: Layout, folder: Path, count: int) -> None:
        self._free = layout.free or 0
        self._inner = layout.inner
        offsets = _mapped(
            folder / (layout.offsets_file or ""), np.dtype(np.int64), (count + 1,)
        )
        self._offsets: Rows = offsets.astype(np.int64, copy=False)
        steps = int(self._offsets[-1]) + 1  # the last is the padding
        self._values = _mapped(folder / layout.file, layout.stored, (steps, *layout.inner))
        self._dtype = layout.dtype

    def take(self, rows: Rows) -> Array:
        """Copy rows out, padded with zeros to the longest, (batch, ...)."""
        found = self._one(int(rows[0])) if len(rows) == 1 else self._many(rows)
        batch = found.astype(self._dtype, copy=False)
        if self._free:
            return np.ascontiguousarray(np.moveaxis(batch, 1, self._free + 1))
        return batch

    def _one(self, row: int) -> Array:
        start, stop = self._offsets[row], self._offsets[row + 1]
        return self._values[None, start:stop].copy()

    def _many(self, rows: Rows) -> Array:
        starts = self._offsets.take(rows)
        stops = self._offsets.take(rows + 1)
        longest = int((stops - starts).max(initial=0))
        shape = (len(rows), longest, *self._inner)
        if longest > _SHORT:
            return self._row_by_row(shape, starts, stops)
        # one gather of steps costs far less than a slice of each row where rows are short
        steps = starts[:, None] + np.arange(longest)
        np.putmask(steps, steps >= stops[:, None], len(self._values) - 1)
        batch: Array = np.empty(shape, dtype=self._values.dtype)
        return self._values.take(steps, axis=0, out=batch, mode="clip")

    def _row_by_row(self, shape: tuple[int, ...], starts: Rows, stops: Rows) -> Array:
        batch: Array = np.zeros(shape, dtype=self._values.dtype)
        values = self._values
        for row, start, stop in zip(batch, starts.tolist(), stops.tolist(), strict=True):
            row[: stop - start] = values[start:stop]
        return batch


def _mapped(path: Path, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Array:
    if 0 in shape:
        return np.zeros(shape, dtype=dtype)
    # a plain view: every slice of a memmap itself pays for a Python object of its own
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=shape))
