"""Values along a path: rows for oracles, batches for segments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias, final

from transcoder.errors import ConversionError, NonFiniteError, OracleError
from transcoder.sessions._batches import clear_padding, collate, join_batches, split_rows
from transcoder.sessions._checks import ValueCheck, find_not_finite, value_check
from transcoder.sessions._oracles import OraclePool
from transcoder.sessions._pool import SessionPool
from transcoder.vocabulary import (
    Array,
    Catalog,
    Edge,
    EdgePath,
    Modality,
    Oracle,
    Segment,
    Spec,
    Tensors,
    Value,
)

_State: TypeAlias = list[Value] | dict[str, Array]


@final
class Runner:
    """Takes values along paths, in batches, in order.

    Between segments a batch stays a batch; only oracles see rows.

    Args:
        catalog: What is registered.
        sessions: What runs segments.
        oracles: What runs oracles.
        batch_size: How many values go together.
    """

    def __init__(
        self,
        catalog: Catalog,
        sessions: SessionPool,
        oracles: OraclePool,
        batch_size: int = 256,
    ) -> None:
        self.catalog = catalog
        self.sessions = sessions
        self.oracles = oracles
        self.batch_size = batch_size
        self._checks: dict[Modality, ValueCheck] = {}
        self._specs: dict[Modality, Spec | None] = {}
        self._carriers: dict[int, tuple[Segment, Spec, Spec]] = {}

    def run(self, path: EdgePath, values: Sequence[Value]) -> list[Value]:
        """Take values along a path.

        Args:
            path: Where to go.
            values: Values of the path's source.

        Returns:
            As many values of the path's target, in order; of a tensor modality, rows whose
            padding is cut off where the spec has a mask.

        Raises:
            ConversionError: If a value is not of the path's source, or a segment fails.
            OracleError: If an oracle fails.
            NonFiniteError: If a tensor holds NaN or infinity.
        """
        return list(self.run_many(path, values))

    def run_many(
        self, path: EdgePath, values: Iterable[Value], *, first: int = 0
    ) -> Iterator[Value]:
        """Take a stream of values along a path, one batch at a time; otherwise as `run`.

        Args:
            path: Where to go.
            values: Values of the path's source.
            first: What errors call the first value.
        """
        stream = iter(values)
        while chunk := list(islice(stream, self.batch_size)):
            numbers = range(first, first + len(chunk))
            yield from self._rows(path.target, self._walked(path, chunk, numbers))
            first += len(chunk)

    def run_batch(
        self, path: EdgePath, values: Sequence[Value], *, numbers: Sequence[int] | None = None
    ) -> Tensors | list[Value]:
        """Take values along a path and leave the end as one batch.

        Args:
            path: Where to go.
            values: Values of the path's source.
            numbers: What errors call the values; by default their positions.

        Returns:
            The tensors of the target's spec, batch axis first; a list of content where the
            target has no spec.

        Raises:
            ConversionError: If a value is not of the path's source, or a segment fails.
            OracleError: If an oracle fails.
            NonFiniteError: If a tensor holds NaN or infinity.
        """
        named = range(len(values)) if numbers is None else numbers
        states = [
            self._walked(
                path,
                list(values[start : start + self.batch_size]),
                named[start : start + self.batch_size],
            )
            for start in range(0, max(len(values), 1), self.batch_size)
        ]
        spec = self._spec(path.target)
        if spec is None:
            return [value for state in states for value in self._rows(path.target, state)]
        last = path.edges[-1] if path.edges else path
        batches = [self._batch(path.target, state, last, named) for state in states]
        return join_batches(batches, spec)

    def run_arrays(
        self, path: EdgePath, batch: Tensors, *, numbers: Sequence[int]
    ) -> dict[str, Array] | list[Value]:
        """Take rows along a path that are one batch already; much quicker than one by one.

        Args:
            path: Where to go, from a tensor modality.
            batch: The tensors of its spec, batch axis first, at least one row.
            numbers: What errors call the rows.

        Returns:
            As `run_batch`.

        Raises:
            ConversionError: If the batch is not of the path's source, or a segment fails.
            OracleError: If an oracle fails.
            NonFiniteError: If a tensor holds NaN or infinity.
        """
        fault = self._check(path.source)({name: each[0] for name, each in batch.items()})
        if fault is not None:
            raise ConversionError(str(path), numbers[0], fault)
        _refuse_not_finite(batch, path, numbers)
        state = self._onward(path, dict(batch), numbers)
        if self._spec(path.target) is None:
            return self._rows(path.target, state)
        return self._batch(path.target, state, path.edges[-1] if path.edges else path, numbers)

    def _walked(self, path: EdgePath, values: list[Value], numbers: Sequence[int]) -> _State:
        check = self._check(path.source)
        for number, value in zip(numbers, values, strict=True):
            fault = check(value)
            if fault is not None:
                raise ConversionError(str(path), number, fault)
        return self._onward(path, values, numbers)

    def _onward(self, path: EdgePath, state: _State, numbers: Sequence[int]) -> _State:
        giver: Edge | EdgePath = path
        for edge in path.edges:
            state = self._stepped(edge, state, giver, numbers)
            giver = edge
        return state

    def _stepped(
        self, edge: Edge, state: _State, giver: Edge | EdgePath, numbers: Sequence[int]
    ) -> _State:
        if isinstance(edge, Oracle):
            rows = self._rows(edge.source, state)
            return self._asked(edge, rows, numbers)
        batch = self._batch(edge.source, state, giver, numbers)
        return self._computed(edge, batch, numbers)

    def _asked(self, oracle: Oracle, rows: list[Value], numbers: Sequence[int]) -> list[Value]:
        try:
            return self.oracles.run(oracle, rows, check=self._check(oracle.target))
        except OracleError as error:
            if error.index is None or numbers[error.index] == error.index:
                raise
            raise OracleError(error.oracle, numbers[error.index], error.reason) from error

    def _computed(
        self, segment: Segment, batch: dict[str, Array], numbers: Sequence[int]
    ) -> dict[str, Array]:
        carriers = self._carriers.get(id(segment))
        if carriers is None or carriers[0] is not segment:
            carriers = segment, self._carrier(segment.source), self._carrier(segment.target)
            self._carriers[id(segment)] = carriers
        _, source, target = carriers
        given = self.sessions.run(segment, batch, source, target)
        for tensor in target.tensors:
            shape = given[tensor.name].shape
            if len(shape) != len(tensor.axes) or shape[0] != len(numbers):
                reason = (
                    f"it gave {shape} for {len(numbers)} rows of {str(tensor)!r}; "
                    "correct that spec, or export the model with a dynamic batch axis"
                )
                raise ConversionError(str(segment), None, reason)
        clear_padding(given, target)
        _refuse_not_finite(given, segment, numbers)
        return given

    def _rows(self, modality: Modality, state: _State) -> list[Value]:
        if isinstance(state, list):
            return state
        return list(split_rows(state, self._carrier(modality)))

    def _batch(
        self, modality: Modality, state: _State, giver: Edge | EdgePath, numbers: Sequence[int]
    ) -> dict[str, Array]:
        if not isinstance(state, list):
            return state
        rows = [value for value in state if isinstance(value, Mapping)]
        batch = collate(rows, self._carrier(modality))
        _refuse_not_finite(batch, giver, numbers)
        return batch

    def _check(self, modality: Modality) -> ValueCheck:
        if modality not in self._checks:
            self._checks[modality] = value_check(self.catalog, modality)
        return self._checks[modality]

    def _spec(self, modality: Modality) -> Spec | None:
        if modality not in self._specs:
            self._specs[modality] = self.catalog.entry(modality).spec
        return self._specs[modality]

    def _carrier(self, modality: Modality) -> Spec:
        return self._spec(modality) or self.catalog.spec(modality)


def _refuse_not_finite(batch: Tensors, giver: Edge | EdgePath, numbers: Sequence[int]) -> None:
    found = find_not_finite(batch)
    if found is not None:
        where = f"the input of {giver}" if isinstance(giver, EdgePath) else str(giver)
        raise NonFiniteError(where, found[0], numbers[found[1]])
