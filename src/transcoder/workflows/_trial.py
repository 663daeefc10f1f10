"""Run an ONNX file as it is, on inputs drawn at random from what it says it takes."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import final

import numpy as np

from transcoder.errors import ConversionError, InvalidModelError
from transcoder.vocabulary import Array, Tensors

_SIZES = (
    *((2, 8), (2, 5), (1, 16), (1, 64), (1, 224), (1, 512)),
    *((2, length) for length in (1, 2, 3, 4, 6, 7, *range(9, 33))),
)
"""How long first axes and other axes are, one try after the other; old exporters fix some
length inside a file that says it takes any."""
_RANGES = ((1, 2), (0, 1), (1, 1))
"""Between which numbers integers are drawn: small enough to be an index nearly anywhere."""
_QUIET = 4  # what fails comes back as an exception anyway
_MOSTLY = 0.8

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    **{f"tensor(int{bits})": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"tensor(uint{bits})": f"uint{bits}" for bits in (8, 16, 32, 64)},
}


@final
class Trial:
    """One ONNX file in ONNX Runtime, on one thread.

    Args:
        onnx_bytes: The serialized model.
        name: What an error calls it.

    Raises:
        InvalidModelError: If ONNX Runtime refuses it.
    """

    def __init__(self, onnx_bytes: bytes, name: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        self._name = name
        try:
            self._session = onnxruntime.InferenceSession(
                onnx_bytes, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            reason = f"ONNX Runtime does not load it: {' '.join(str(error).split())}"
            raise InvalidModelError(name, reason) from error

    def run(self, given: Tensors) -> dict[str, Array]:
        """Run on the inputs among some tensors.

        Args:
            given: By name, with all that the graph takes among them.

        Raises:
            ConversionError: If ONNX Runtime fails.
        """
        feed = {each.name: given[each.name] for each in self._session.get_inputs()}
        names = [each.name for each in self._session.get_outputs()]
        try:
            arrays = self._session.run(names, feed)
        except Exception as error:
            shapes = ", ".join(f"{name!r} {array.shape}" for name, array in feed.items())
            reason = f"ONNX Runtime refused {shapes}: {' '.join(str(error).split())}"
            raise ConversionError(self._name, None, reason) from error
        return dict(zip(names, arrays, strict=True))

    def run_random(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """Run on random inputs; sizes and ranges are tried until some are accepted.

        Returns:
            The inputs and the outputs, by name.

        Raises:
            ConversionError: If none is accepted.
        """
        failure: ConversionError | None = None
        for sizes, numbers in product(_SIZES, _RANGES):
            given = self._draw(sizes, numbers)
            try:
                return given, self.run(given)
            except ConversionError as error:
                failure = failure or error
        raise failure or ConversionError(self._name, None, "there is nothing to try")

    def _draw(self, sizes: tuple[int, int], numbers: tuple[int, int]) -> dict[str, Array]:
        rng = np.random.default_rng(0)
        inputs = self._session.get_inputs()
        first = {each.shape[0] for each in inputs if each.shape}
        drawn: dict[str, Array] = {}
        for each in inputs:
            dtype = _DTYPES.get(each.type)
            if dtype is None:
                reason = f"its input {each.name!r} is {each.type}, which is not drawn at random"
                raise ConversionError(self._name, None, reason)
            shape = tuple(
                axis
                if isinstance(axis, int)
                else sizes[0 if place == 0 or (axis and axis in first) else 1]
                for place, axis in enumerate(each.shape)
            )
            drawn[each.name] = _random(rng, np.dtype(dtype), shape, numbers)
        return drawn


def largest_difference(wanted: Mapping[str, Array], found: Mapping[str, Array]) -> float:
    """Measure how far apart equal outputs are, relative to the largest number in each.

    Args:
        wanted: By name, any shapes.
        found: Likewise, with the names of `wanted` among its names.

    Returns:
        0 where all are equal; infinity where shapes differ, or only one of two is finite.
    """
    return max((_difference(array, found[name]) for name, array in wanted.items()), default=0.0)


def _difference(wanted: Array | Sequence[Array], found: Array | Sequence[Array]) -> float:
    if not isinstance(wanted, np.ndarray) or not isinstance(found, np.ndarray):
        pairs = zip(wanted, found, strict=True)
        return max((_difference(*pair) for pair in pairs), default=0.0)
    if wanted.shape != found.shape:
        return float("inf")
    if wanted.dtype.kind not in "fiub":
        return 0.0 if np.array_equal(wanted, found) else float("inf")
    first, second = wanted.astype(np.float64), found.astype(np.float64)
    finite = np.isfinite(first)
    if not np.array_equal(first[~finite], second[~finite], equal_nan=True):
        return float("inf")
    scale = float(np.max(np.abs(first[finite]), initial=0.0)) or 1.0
    gap = float(np.max(np.abs(first[finite] - second[finite]), initial=0.0))
    return gap / scale if np.isfinite(gap) else float("inf")


def _random(
    rng: np.random.Generator,
    dtype: np.dtype[np.generic],
    shape: tuple[int, ...],
    numbers: tuple[int, int],
) -> Array:
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < _MOSTLY
    return rng.integers(numbers[0], numbers[1], shape, endpoint=True).astype(dtype)
