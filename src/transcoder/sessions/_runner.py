"""Values along a path: rows for oracles, batches for segments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import final

from transcoder.errors import ConversionError
from transcoder.sessions._batches import collate, join_batches
from transcoder.sessions._checks import ValueCheck, value_check
from transcoder.sessions._oracles import OraclePool
from transcoder.sessions._pool import SessionPool
from transcoder.sessions._steps import (
    OracleStep,
    SegmentStep,
    State,
    Step,
    refuse_not_finite,
    rows_of,
)
from transcoder.vocabulary import (
    Array,
    Catalog,
    Edge,
    EdgePath,
    Modality,
    Oracle,
    Spec,
    Tensors,
    Value,
)

_MOST_ROUTES = 256


@dataclass(frozen=True, slots=True)
class _Route:
    """A path made ready.

    Attributes:
        path: Whose; being held, its identity cannot pass to another.
        check: What values of its source must pass.
        target: The spec of its target; None where that is content.
        steps: One for each edge.
    """

    path: EdgePath
    check: ValueCheck
    target: Spec | None
    steps: tuple[Step, ...]

    def walk(self, values: list[Value], numbers: Sequence[int]) -> State:
        """Check values and take them to the end."""
        check = self.check
        for number, value in zip(numbers, values, strict=True):
            fault = check(value)
            if fault is not None:
                raise ConversionError(str(self.path), number, fault)
        return self.onward(values, numbers)

    def onward(self, state: State, numbers: Sequence[int]) -> State:
        """Take what is checked to the end."""
        for step in self.steps:
            state = step(state, numbers)
        return state

    def batch(self, state: State, spec: Spec, numbers: Sequence[int]) -> dict[str, Array]:
        """Leave what came to the end as one batch of the target's spec."""
        if not isinstance(state, list):
            return state
        batch = collate([row for row in state if isinstance(row, Mapping)], spec)
        refuse_not_finite(batch, self.path.edges[-1] if self.path.edges else self.path, numbers)
        return batch


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
        self._routes: dict[int, _Route] = {}

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
        stream, route = iter(values), self._route(path)
        while chunk := list(islice(stream, self.batch_size)):
            numbers = range(first, first + len(chunk))
            yield from rows_of(route.walk(chunk, numbers), route.target)
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
        route, spec = self._route(path), self._route(path).target
        chunks = [
            slice(start, start + self.batch_size)
            for start in range(0, max(len(values), 1), self.batch_size)
        ]
        states = [route.walk(list(values[chunk]), named[chunk]) for chunk in chunks]
        if spec is None:
            return [value for state in states for value in rows_of(state, None)]
        ended = zip(states, chunks, strict=True)
        batches = [route.batch(state, spec, named[chunk]) for state, chunk in ended]
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
        route = self._route(path)
        fault = route.check({name: each[0] for name, each in batch.items()})
        if fault is not None:
            raise ConversionError(str(path), numbers[0], fault)
        refuse_not_finite(batch, path, numbers)
        state = route.onward(dict(batch), numbers)
        if route.target is None:
            return rows_of(state, None)
        return route.batch(state, route.target, numbers)

    def _route(self, path: EdgePath) -> _Route:
        """Make a path ready; the same object is made ready once."""
        route = self._routes.get(id(path))
        if route is None or route.path is not path:
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            route = self._routes[id(path)] = self._make_route(path)
        return route

    def _make_route(self, path: EdgePath) -> _Route:
        givers: tuple[Edge | EdgePath, ...] = (path, *path.edges)
        steps = tuple(map(self._step, path.edges, givers))
        return _Route(path, self._check(path.source), self._spec(path.target), steps)

    def _step(self, edge: Edge, giver: Edge | EdgePath) -> Step:
        if isinstance(edge, Oracle):
            check = self._check(edge.target)
            return OracleStep(edge, self.oracles, self._spec(edge.source), check)
        specs = self.catalog.spec(edge.source), self.catalog.spec(edge.target)
        return SegmentStep(edge, specs, self.sessions, giver)

    def _check(self, modality: Modality) -> ValueCheck:
        if modality not in self._checks:
            self._checks[modality] = value_check(self.catalog, modality)
        return self._checks[modality]

    def _spec(self, modality: Modality) -> Spec | None:
        if modality not in self._specs:
            self._specs[modality] = self.catalog.entry(modality).spec
        return self._specs[modality]
