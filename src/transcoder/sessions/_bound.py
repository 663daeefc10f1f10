"""A segment whose specs have met its graph."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np

from transcoder.errors import ConversionError
from transcoder.sessions._batches import numpy_dtype
from transcoder.vocabulary import Array, Segment, Spec, Tensors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SessionOf: TypeAlias = "Callable[[Segment], InferenceSession]"
"""Gives the session of a segment, which may be another one at each call."""

_Dtype: TypeAlias = np.dtype[np.generic]

_NUMPY_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    **{f"tensor(int{bits})": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"tensor(uint{bits})": f"uint{bits}" for bits in (8, 16, 32, 64)},
}


@final
class BoundSegment:
    """Takes batches of the source spec to batches of the target spec; nothing is cast.

    Args:
        segment: What to run; it must have a file.
        specs: What carries its source and its target.
        session_of: Gives its session, and is asked each time.

    Raises:
        ConversionError: If the segment has no file, or its graph has other tensors than its
            specs.
        InvalidModelError: If ONNX Runtime refuses the file.

    Attributes:
        segment: As given.
        specs: As given.
    """

    def __init__(
        self, segment: Segment, specs: tuple[Spec, Spec], session_of: SessionOf
    ) -> None:
        self.segment = segment
        self.specs = specs
        self._session_of = session_of
        session = session_of(segment)
        self._inputs = _inputs(session, segment, specs[0])
        self._outputs = _outputs(session, segment, specs[1])
        self._names = specs[1].names

    def __call__(self, batch: Tensors) -> dict[str, Array]:
        """Take one batch through.

        Args:
            batch: The tensors of the source spec, batch axis first.

        Returns:
            The tensors of the target spec, batch axis first.

        Raises:
            ConversionError: If the batch does not fit the graph, or ONNX Runtime fails.
        """
        session = self._session_of(self.segment)
        feed: dict[str, Array] = {}
        for graph_name, name, dtype in self._inputs:
            array = batch.get(name)
            if array is None or (dtype is not None and array.dtype != dtype):
                raise ConversionError(str(self.segment), None, _misfit(name, array, dtype))
            feed[graph_name] = array
        try:
            arrays = session.run(self._outputs, feed)
        except Exception as error:
            raise ConversionError(str(self.segment), None, self._told(error, batch)) from error
        return dict(zip(self._names, arrays, strict=True))

    def _told(self, error: Exception, batch: Tensors) -> str:
        shapes = ", ".join(f"{name!r} {batch[name].shape}" for _, name, _ in self._inputs)
        return (
            f"ONNX Runtime refused {shapes}: {one_line(error).rstrip('. ')}; its source is "
            f"{self.specs[0]}: correct that spec, or export the model with dynamic axes"
        )


def one_line(error: Exception) -> str:
    """Write what an error says without its line breaks."""
    return " ".join(str(error).split())


def _misfit(name: str, array: Array | None, dtype: _Dtype | None) -> str:
    if array is None:
        return f"the batch has no tensor {name!r}"
    return (
        f"{name!r} is {array.dtype} but the graph takes {dtype}; "
        "correct the spec of its source, or export the model for that dtype"
    )


def _inputs(
    session: "InferenceSession", segment: Segment, source: Spec
) -> tuple[tuple[str, str, _Dtype | None], ...]:
    """Name in the graph, name in the source spec, dtype or None where not compared."""
    served = {segment.input_name(name): name for name in source.names}
    found: list[tuple[str, str, _Dtype | None]] = []
    for each in session.get_inputs():
        if each.name not in served:
            reason = (
                f"its graph takes {each.name!r}, which no tensor of {source} serves; "
                f"register it with names, such as source.{source.names[0]}={each.name}"
            )
            raise ConversionError(str(segment), None, reason)
        dtype = _NUMPY_DTYPES.get(each.type)
        found.append((each.name, served[each.name], numpy_dtype(dtype) if dtype else None))
    return tuple(found)


def _outputs(session: "InferenceSession", segment: Segment, target: Spec) -> tuple[str, ...]:
    """Names in the graph, in the order of the target spec."""
    given = [each.name for each in session.get_outputs()]
    outputs = tuple(segment.output_name(name) for name in target.names)
    for name, output in zip(target.names, outputs, strict=True):
        if output not in given:
            reason = (
                f"its graph gives {given} but not {output!r}, the tensor {name!r}; register it "
                f"with names, such as target.{name}={given[0] if given else '...'}"
            )
            raise ConversionError(str(segment), None, reason)
    return outputs
