"""Values along a path, and gradients back along its last differentiable stretch."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, final

import numpy as np

from transcoder.errors import ConversionError, NonFiniteError
from transcoder.serving._cotangent import Cotangent, read_cotangent
from transcoder.serving._stretch import Stretch, find_stretch
from transcoder.sessions import Runner, collate, find_not_finite, mask_axis, split_rows
from transcoder.vocabulary import Array, EdgePath, Gradients, Modality, Spec, Tensors, Value

if TYPE_CHECKING:
    from transcoder.stack import Pullback

_MOST_KEPT = 8


@final
class Differentiator:
    """Runs what lies before and after a stretch as always, and the stretch in torch.

    Args:
        runner: What runs the rest of the path.
        read_blob: Gives the ONNX file of a digest.
    """

    def __init__(self, runner: Runner, read_blob: Callable[[str], bytes]) -> None:
        self._runner, self._read_blob = runner, read_blob
        self._pullbacks: dict[tuple[str, ...], Pullback] = {}

    def run_many(
        self, path: EdgePath, values: Iterable[Value],
        cotangents: Iterable[Cotangent | None] | None = None,
    ) -> Iterator[Gradients]:  # fmt: skip
        """Take values along a path in batches, and gradients back.

        Args:
            path: Any path with a differentiable stretch.
            values: Values of the path's source.
            cotangents: One for each value; ones where there are none.

        Raises:
            NoGradientError: If there is no such stretch, or a cotangent does not fit its end.
            TranscoderError: If an edge fails; it names the edge and the index of the value.
        """
        stretch = find_stretch(path, self._runner.catalog)
        stream, weights = iter(values), None if cotangents is None else iter(cotangents)
        first = 0
        while chunk := list(islice(stream, self._runner.batch_size)):
            numbers = range(first, first + len(chunk))
            given = _taken(weights, numbers, stretch)
            yield from self._run(stretch, chunk, given, numbers)
            first += len(chunk)

    def _run(
        self, stretch: Stretch, values: Sequence[Value],
        cotangents: Sequence[Cotangent | None], numbers: Sequence[int],
    ) -> Iterator[Gradients]:  # fmt: skip
        source, target = (self._spec(each) for each in _ends(stretch))
        start = self._runner.run_batch(stretch.before, values, numbers=numbers)
        if not isinstance(start, Mapping):
            raise ConversionError(str(stretch.before), None, "it does not end in tensors")
        end, pull = self._pullback(stretch.within).run(start)
        _refuse_not_finite(str(stretch.within), end, numbers)
        rows = split_rows(end, target)
        if mask_axis(target) is None and not any(each is not None for each in cotangents):
            whole = {name: np.ones_like(end[name]) for name in _floating(target)}
            given = [{name: whole[name][at] for name in whole} for at in range(len(rows))]
        else:
            given = [
                read_cotangent(each, row, target, path=stretch.within)
                for each, row in zip(cotangents, rows, strict=True)
            ]
            whole = _collated(given, end, target)
        found = pull(whole)
        _refuse_not_finite(f"the way back along {stretch.within}", found, numbers)
        finished = self._finished(stretch.after, rows, numbers)
        back = split_rows({**start, **found}, source)
        for value, row, weight in zip(finished, back, given, strict=True):
            gradients = {name: row[name] for name in found}
            yield Gradients(value, *_ends(stretch), gradients, weight)

    def _finished(
        self, after: EdgePath, rows: Sequence[Tensors], numbers: Sequence[int]
    ) -> Sequence[Value]:
        if not after.edges:
            return rows
        done = self._runner.run_batch(after, rows, numbers=numbers)
        return split_rows(done, self._spec(after.target)) if isinstance(done, Mapping) else done

    def _pullback(self, within: EdgePath) -> "Pullback":
        key = tuple(f"{edge} {edge.digest}" for edge in within.edges)
        if key not in self._pullbacks:
            from transcoder.stack import Pullback

            while len(self._pullbacks) >= _MOST_KEPT:
                del self._pullbacks[next(iter(self._pullbacks))]
            self._pullbacks[key] = Pullback(within, self._read_blob, self._runner.catalog)
        return self._pullbacks[key]

    def _spec(self, modality: Modality) -> Spec:
        return self._runner.catalog.spec(modality)


def _ends(stretch: Stretch) -> tuple[Modality, Modality]:
    return stretch.within.source, stretch.within.target


def _floating(spec: Spec) -> tuple[str, ...]:
    return tuple(tensor.name for tensor in spec.tensors if tensor.is_floating)


def _taken(
    weights: Iterator[Cotangent | None] | None, numbers: range, stretch: Stretch
) -> list[Cotangent | None]:
    if weights is None:
        return [None] * len(numbers)
    taken = list(islice(weights, len(numbers)))
    if len(taken) < len(numbers):
        at = numbers[len(taken)]
        raise ConversionError(str(stretch.within), at, "there is no cotangent for it")
    return taken


def _collated(rows: Sequence[Tensors], end: Tensors, spec: Spec) -> dict[str, Array]:
    """Put cotangents into the shape of the end; padding weighs nothing."""
    floats = Spec(tuple(tensor for tensor in spec.tensors if tensor.is_floating))
    joined = collate(rows, floats)
    for name, array in joined.items():
        if array.shape != end[name].shape:
            whole = np.zeros_like(end[name])
            whole[tuple(slice(length) for length in array.shape)] = array
            joined[name] = whole
    return joined


def _refuse_not_finite(where: str, batch: Tensors, numbers: Sequence[int]) -> None:
    found = find_not_finite(batch)
    if found is not None:
        raise NonFiniteError(where, found[0], numbers[found[1]])
