"""Whether a value is what its modality says, in words."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from transcoder.sessions._batches import numpy_dtype
from transcoder.vocabulary import (
    Array,
    Catalog,
    Modality,
    Payload,
    Spec,
    Tensors,
    TensorSpec,
    Value,
    Waveform,
)

ValueCheck: TypeAlias = Callable[[Value], str | None]
"""Says what was found and what is wanted, or None where the value is right."""


def value_check(catalog: Catalog, modality: Modality) -> ValueCheck:
    """Make the check of one modality's values: of its payload, or of one row of its spec.

    Args:
        catalog: What is registered.
        modality: Whose values are to be checked.

    Raises:
        UnknownNameError: If the modality is not registered.
    """
    spec = catalog.entry(modality).spec
    if spec is not None:
        return _RowCheck(spec)
    payload = catalog.modality_type(modality).payload
    return _accept if payload is None else _PAYLOAD_CHECKS[payload]


def find_not_finite(batch: Tensors) -> tuple[str, int] | None:
    """Find the first NaN or infinity.

    Args:
        batch: Tensors with batch axis first.

    Returns:
        The tensor's name and the row within the batch, or None.
    """
    for name, array in batch.items():
        if array.dtype.kind != "f" or _is_plainly_finite(array):
            continue
        finite = np.isfinite(array)
        if not finite.all():
            rows = finite.reshape(len(array), -1).all(axis=1)
            return name, int(np.argmin(rows))
    return None


def _is_plainly_finite(array: Array) -> bool:
    """Whether the sum of squares is finite; half the time of looking at every number."""
    if array.dtype.char not in "fd":
        return False
    numbers: NDArray[np.float64] = array  # type: ignore[assignment] # or float32, by the test
    return isfinite(np.vdot(numbers, numbers))


@final
class _RowCheck:
    """Compares one row with a spec: names, dtypes, ranks, fixed axes, equal named axes."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._tensors = tuple((tensor, _dtype_or_none(tensor)) for tensor in spec.tensors)
        self._names = frozenset(spec.names)
        self._last: list[tuple[str, tuple[int, ...], np.dtype[np.generic]]] = []

    def __call__(self, value: Value) -> str | None:
        """Compare in full, unless the row is laid out like the last one that was right."""
        if isinstance(value, dict) and value.keys() == self._names:
            layout = [
                (name, each.shape, each.dtype)
                for name, each in value.items()
                if isinstance(each, np.ndarray)
            ]
            if layout == self._last:
                return None
            fault = self._compare(value)
            if fault is None:
                self._last = layout
            return fault
        return self._compare(value)

    def _compare(self, value: Value) -> str | None:
        if not isinstance(value, dict | Mapping):  # most are plain, and that is seen faster
            return f"{_kind(value)} was found but the tensors {str(self._spec)!r} are wanted"
        if value.keys() != self._names:
            found = ", ".join(map(repr, value)) or "none"
            wanted = ", ".join(map(repr, self._spec.names))
            return f"the tensors {found} were found but {wanted} are wanted"
        lengths: dict[str, int] = {}
        for tensor, dtype in self._tensors:
            array = value[tensor.name]
            if not isinstance(array, np.ndarray):
                return f"{tensor.name!r} is {_kind(array)} but an array is wanted"
            if not (_has_dtype(array, dtype) and _has_shape(array, tensor, lengths)):
                found = f"{array.dtype} {array.shape}"
                return f"{tensor.name!r} is {found} but {_row_text(tensor, lengths)} is wanted"
        return None


def _dtype_or_none(tensor: TensorSpec) -> np.dtype[np.generic] | None:
    """None for text, which has many dtypes, and for what numpy does not know."""
    try:
        return None if tensor.dtype == "string" else numpy_dtype(tensor.dtype)
    except TypeError:
        return None


def _has_dtype(array: Array, dtype: np.dtype[np.generic] | None) -> bool:
    return dtype is None or array.dtype == dtype


def _has_shape(array: Array, tensor: TensorSpec, lengths: dict[str, int]) -> bool:
    axes = tensor.axes[1:]
    return array.ndim == len(axes) and all(
        length == (axis if isinstance(axis, int) else lengths.setdefault(axis, length))
        for axis, length in zip(axes, array.shape, strict=True)
    )


def _row_text(tensor: TensorSpec, lengths: Mapping[str, int]) -> str:
    axes = (
        f"{axis}={lengths[axis]}" if isinstance(axis, str) and axis in lengths else str(axis)
        for axis in tensor.axes[1:]
    )
    return f"{tensor.dtype} ({', '.join(axes)})"


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array {value.dtype} {value.shape}"
    return f"a value of type {type(value).__name__!r}"


def _accept(_value: Value) -> str | None:
    return None


def _text_check(value: Value) -> str | None:
    return None if isinstance(value, str) else f"{_kind(value)} was found but text is wanted"


def _label_check(value: Value) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return None
    return f"{_kind(value)} was found but a label, a whole number of type 'int', is wanted"


def _waveform_check(value: Value) -> str | None:
    if not isinstance(value, Waveform):
        return f"{_kind(value)} was found but a Waveform is wanted"
    if value.samples.ndim == 1 and value.samples.dtype == np.float32 and value.rate_hz > 0:
        return None
    found = f"{value.samples.dtype} {value.samples.shape} at {value.rate_hz} Hz"
    return f"a waveform of {found} was found but float32 (time,) at a positive rate is wanted"


def _array_check(value: Value) -> str | None:
    if isinstance(value, np.ndarray):
        return None
    return f"{_kind(value)} was found but an array is wanted"


_PAYLOAD_CHECKS: Mapping[Payload, ValueCheck] = {
    Payload.TEXT: _text_check,
    Payload.WAVEFORM: _waveform_check,
    Payload.IMAGE: _array_check,
    Payload.LABEL: _label_check,
    Payload.ARRAY: _array_check,
}
