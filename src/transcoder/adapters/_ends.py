"""What stands at the two ends of an adapter: a vector, or a sequence of vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import AdapterMismatchError, DataError
from transcoder.vocabulary import Spec, Tensors, TensorSpec

Rows: TypeAlias = NDArray[np.floating]
"""Vectors, (row, dim)."""

MASK = "mask"
"""The tensor that says which positions of a sequence exist."""


@final
@dataclass(frozen=True, slots=True)
class End:
    """One end of an adapter.

    Attributes:
        name: Of the tensor that holds the numbers.
        dim: How many numbers a vector has.
        length: How many vectors: None for one, a number, or the name of an open axis.
        has_mask: Whether a tensor `mask` says which positions exist.
    """

    name: str
    dim: int
    length: int | str | None = None
    has_mask: bool = False

    @property
    def is_sequence(self) -> bool:
        """Whether there is an axis of positions."""
        return self.length is not None


class Meeting(Enum):
    """How the positions of both ends go together."""

    ALIKE = "one vector for each vector"
    POOLED = "one vector for a whole sequence"
    FREE = "a sequence of another length"


def end_of(spec: Spec) -> End:
    """Read an end from a spec.

    >>> end_of(Spec.parse("hidden: float32[batch, 96]"))
    End(name='hidden', dim=96, length=None, has_mask=False)

    Raises:
        AdapterMismatchError: If it is neither a vector `name: float32[batch, D]` nor a sequence
            `name: float32[batch, T, D]`, whose `mask: bool[batch, T]` may be left out where T
            is a number.
    """
    match spec.tensors:
        case (TensorSpec(name=name, dtype="float32", axes=(_, int(dim))),):
            return End(name, dim)
        case (TensorSpec(name=name, dtype="float32", axes=(_, int(length), int(dim))),):
            return End(name, dim, length)
        case (
            TensorSpec(name=name, dtype="float32", axes=(_, length, int(dim))),
            TensorSpec(name="mask", dtype="bool", axes=(_, other)),
        ) if length == other:
            return End(name, dim, length, has_mask=True)
        case _:
            reason = (
                "only float32[batch, D], or float32[batch, T, D] with mask: bool[batch, T], "
                "with a number for D, is supported"
            )
            raise AdapterMismatchError(
                "vector or sequence", str(spec), "an end of an adapter", reason
            )


def meeting_of(source: End, target: End) -> Meeting:
    """Tell how two ends go together."""
    if not target.is_sequence:
        return Meeting.POOLED if source.is_sequence else Meeting.ALIKE
    if not source.is_sequence:
        return Meeting.FREE
    is_open = isinstance(target.length, str)  # as long as whatever comes in
    return Meeting.ALIKE if is_open or target.length == source.length else Meeting.FREE


def pairs_of(source: End, target: End) -> Callable[[Tensors, Tensors], tuple[Rows, Rows]]:
    """Give what turns a batch of both ends into rows that belong together.

    Sequences that are alike give a row for each position that exists; a sequence that meets a
    vector is averaged over its positions. Where the lengths are free, each position of the
    target stands beside that average, so that means and spreads are right, and a map is not.

    Raises:
        DataError: On a call, if rows that should be alike have different positions.
    """
    meeting = meeting_of(source, target)

    def pair(given: Tensors, wanted: Tensors) -> tuple[Rows, Rows]:
        x: Rows = np.asarray(given[source.name])
        y: Rows = np.asarray(wanted[target.name])
        if meeting is Meeting.ALIKE and target.is_sequence:
            mine, other = _positions(source, given), _positions(target, wanted)
            if not np.array_equal(mine, other):
                raise _not_alike(source, target, mine, other)
            return x[mine], y[other]
        if source.is_sequence:
            x = mean_over_time(x, _positions(source, given))
        if target.is_sequence:
            exists = _positions(target, wanted)
            return np.repeat(x, exists.sum(axis=1), axis=0), y[exists]
        return x, y

    return pair


def mean_over_time(sequences: Rows, exists: NDArray[np.bool_]) -> Rows:
    """Average the positions that exist, (row, position, dim) to (row, dim); 0 without any."""
    counts = np.maximum(exists.sum(axis=1), 1)[:, None]
    mean: Rows = (sequences * exists[:, :, None]).sum(axis=1) / counts
    return mean


def _positions(end: End, tensors: Tensors) -> NDArray[np.bool_]:
    if end.has_mask:
        return np.asarray(tensors[MASK], dtype=np.bool_)
    return np.ones(tensors[end.name].shape[:2], dtype=np.bool_)


def _not_alike(
    source: End, target: End, mine: NDArray[np.bool_], other: NDArray[np.bool_]
) -> DataError:
    pairs = zip(mine.sum(axis=1), other.sum(axis=1), strict=True)
    row, counts = next(
        ((row, counts) for row, counts in enumerate(pairs) if counts[0] != counts[1]),
        (0, (0, 0)),
    )
    reason = (
        f"row {row} of a batch has {counts[0]} positions of {source.name!r} and {counts[1]} of "
        f"{target.name!r}"
    )
    return DataError(
        "pairs of sequences", reason, "give the target a set length, and an adapter=attention"
    )
