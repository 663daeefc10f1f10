"""Columns of Arrow tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from transcoder.vocabulary import Array

if TYPE_CHECKING:
    import pyarrow as pa

_LISTS = ("list<", "large_list<", "fixed_size_list<")


@final
class ArrowColumn:
    """A column of a memory-mapped Arrow table."""

    def __init__(self, column: "pa.ChunkedArray") -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def read(self, start: int, stop: int) -> Sequence[object]:
        piece = self._column.slice(start, stop - start)
        kind = piece.type
        if str(kind).startswith(_LISTS):
            rows: list[object] = [
                None if each is None else np.asarray(each)
                for each in piece.to_numpy(zero_copy_only=False)
            ]
            return rows
        values: list[object] = piece.to_pylist()
        return values

    def block(self, start: int, stop: int) -> Array | None:
        """Lists of numbers that are all equally long."""
        from pyarrow import compute as pc

        piece = self._column.slice(start, stop - start).combine_chunks()
        if not str(piece.type).startswith(_LISTS) or piece.null_count:
            return None
        flat = piece.flatten()
        if flat.null_count or str(flat.type).startswith(_LISTS) or len(flat) % len(piece):
            return None
        width = len(flat) // len(piece)
        if (pc.list_value_length(piece).to_numpy() != width).any():
            return None
        numbers: Array = flat.to_numpy(zero_copy_only=False)
        return numbers.reshape(len(piece), width)
