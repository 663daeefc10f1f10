"""The edges of a path, made ready: what can be known before values come is worked out once."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, final

from transcoder.errors import ConversionError, NonFiniteError, OracleError
from transcoder.sessions._batches import clear_padding, collate, lone_batch, split_rows
from transcoder.sessions._bound import BoundSegment
from transcoder.sessions._checks import ValueCheck, find_not_finite
from transcoder.sessions._oracles import OraclePool
from transcoder.sessions._pool import SessionPool
from transcoder.vocabulary import Array, Edge, EdgePath, Oracle, Segment, Spec, Tensors, Value

State: TypeAlias = list[Value] | dict[str, Array]
"""Values on their way: rows, or one batch of a spec."""

Step: TypeAlias = Callable[[State, Sequence[int]], State]
"""Takes values along one edge; the numbers are what errors call them."""


@final
class SegmentStep:
    """Takes batches through one segment and looks at what comes out.

    Args:
        segment: Which.
        specs: What carries its source and its target.
        pool: What runs it.
        giver: Where its values come from: the edge before it, or the path that it begins.
    """

    def __init__(
        self,
        segment: Segment,
        specs: tuple[Spec, Spec],
        pool: SessionPool,
        giver: Edge | EdgePath,
    ) -> None:
        self._segment = segment
        self._source, self._target = specs
        self._pool = pool
        self._giver = giver
        self._ranks = tuple((each.name, len(each.axes)) for each in self._target.tensors)
        self._bound: BoundSegment | None = None

    def __call__(self, state: State, numbers: Sequence[int]) -> State:
        """Compute one batch.

        Raises:
            ConversionError: If ONNX Runtime fails, or gives another shape than the spec's.
            NonFiniteError: If a tensor holds NaN or infinity.
        """
        if isinstance(state, list):
            state = joined(state, self._source, self._giver, numbers)
        if self._bound is None:
            self._bound = self._pool.bind(self._segment, self._source, self._target)
        given, count = self._bound(state), len(numbers)
        for name, rank in self._ranks:
            shape = given[name].shape
            if len(shape) != rank or shape[0] != count:
                raise ConversionError(str(self._segment), None, self._told(name, shape, count))
        clear_padding(given, self._target)
        refuse_not_finite(given, self._segment, numbers)
        return given

    def _told(self, name: str, shape: tuple[int, ...], count: int) -> str:
        return (
            f"it gave {shape} for {count} rows of {str(self._target.tensor(name))!r}; "
            "correct that spec, or export the model with a dynamic batch axis"
        )


@final
class OracleStep:
    """Asks one oracle, row by row.

    Args:
        oracle: Which.
        pool: What runs it.
        source: The spec of its source; None where that is content.
        check: What each answer must pass.
    """

    def __init__(
        self, oracle: Oracle, pool: OraclePool, source: Spec | None, check: ValueCheck
    ) -> None:
        self._oracle = oracle
        self._pool = pool
        self._source = source
        self._check = check

    def __call__(self, state: State, numbers: Sequence[int]) -> State:
        """Ask for as many answers.

        Raises:
            OracleError: If it fails; it names the value by its number.
        """
        try:
            return self._pool.run(self._oracle, rows_of(state, self._source), check=self._check)
        except OracleError as error:
            if error.index is None or numbers[error.index] == error.index:
                raise
            raise OracleError(error.oracle, numbers[error.index], error.reason) from error


def rows_of(state: State, spec: Spec | None) -> list[Value]:
    """Take values apart that are one batch."""
    if isinstance(state, list) or spec is None:
        return list(state)
    return list(split_rows(state, spec))


def joined(
    rows: Sequence[Value], spec: Spec, giver: Edge | EdgePath, numbers: Sequence[int]
) -> dict[str, Array]:
    """Put rows together, for a network to read; one alone is not copied.

    Raises:
        NonFiniteError: If a tensor holds NaN or infinity.
    """
    tensors = [row for row in rows if isinstance(row, Mapping)]
    batch = lone_batch(tensors[0], spec) if len(tensors) == 1 else collate(tensors, spec)
    refuse_not_finite(batch, giver, numbers)
    return batch


def refuse_not_finite(batch: Tensors, giver: Edge | EdgePath, numbers: Sequence[int]) -> None:
    """Look for NaN and infinity.

    Raises:
        NonFiniteError: If there is one; it names the tensor, the row and what gave it.
    """
    found = find_not_finite(batch)
    if found is not None:
        where = f"the input of {giver}" if isinstance(giver, EdgePath) else str(giver)
        raise NonFiniteError(where, found[0], numbers[found[1]])
