"""Columns whose values are read, and made what their modality says, when asked for."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, final, overload

import numpy as np
from typing_extensions import override

from transcoder.data._media import UnfitValueError, read_image, read_sound, read_text, shown
from transcoder.data._skipped import UNUSABLE, SkippedRows
from transcoder.errors import DataError
from transcoder.vocabulary import (
    Array,
    Catalog,
    Modality,
    Payload,
    TensorSpec,
    Value,
)

_NUMBERS = "biuf"
_REAL = frozenset({"float16", "float32", "float64"})


class RawColumn(Protocol):
    """A column as a loader finds it."""

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> Sequence[object]:
        """Read the rows from start to before stop."""
        ...

    def block(self, start: int, stop: int) -> Array | None:
        """Read them as one array, rows along the first axis; None where that cannot be."""
        ...


Converter: TypeAlias = Callable[[object], Value]
"""Makes a raw value a value of a modality, or raises UnfitValueError."""


@final
class LazyColumn(Sequence[Value]):
    """A raw column seen through a converter.

    Args:
        name: What errors call it.
        raw: Where raw values come from.
        convert: What makes them values.
        skipped: Where rows that cannot be used are noted.
    """

    def __init__(
        self, name: str, raw: RawColumn, convert: Converter, *, skipped: SkippedRows
    ) -> None:
        self._name = name
        self._raw = raw
        self._convert = convert
        self._skipped = skipped

    @override
    def __len__(self) -> int:
        return len(self._raw)

    @overload
    def __getitem__(self, index: int) -> Value: ...

    @overload
    def __getitem__(self, index: slice) -> list[Value]: ...

    @override
    def __getitem__(self, index: int | slice) -> Value | list[Value]:
        rows = range(len(self))[index]
        if isinstance(rows, int):
            return self._values(range(rows, rows + 1))[0]
        return self._values(rows)

    def maybe_block(self, start: int, stop: int) -> dict[str, Array] | None:
        """Read tensors from start to before stop as one batch; None where that cannot be."""
        if not isinstance(self._convert, TensorConverter):
            return None
        raw = self._raw.block(start, stop)
        return None if raw is None or raw.dtype.kind not in _NUMBERS else self._convert(raw)

    def _values(self, rows: range) -> list[Value]:
        if not rows:
            return []
        low, high = min(rows[0], rows[-1]), max(rows[0], rows[-1])
        raw = self._raw.read(low, high + 1)
        return [self._value(row, raw[row - low]) for row in rows]

    def _value(self, row: int, raw: object) -> Value:
        try:
            return self._convert(raw)
        except UnfitValueError as error:
            if self._skipped.most:
                self._skipped.note({row: error.reason})
                return UNUSABLE
            found = f"column {self._name!r} holds {error} at row {row}"
            remedy = "correct that row, or name another column for that modality"
            raise DataError(self._skipped.dataset, found, remedy) from error


@final
class TensorConverter:
    """Makes numbers the one tensor of a spec: a row, or a batch of rows.

    Args:
        tensor: What is wanted.
    """

    def __init__(self, tensor: TensorSpec) -> None:
        self._tensor = tensor
        self._is_real = tensor.dtype in _REAL

    def __call__(self, raw: object) -> dict[str, Array]:
        """Take numbers as they are, but for real ones of another length than is wanted."""
        array = _array(raw)
        if array.dtype.kind == "f" and self._is_real:
            array = array.astype(self._tensor.dtype, copy=False)
        return {self._tensor.name: array}


def converter(catalog: Catalog, modality: Modality, folder: Path, dataset: str) -> Converter:
    """Find what makes raw values values of a modality.

    Args:
        catalog: What is registered.
        modality: What the column holds.
        folder: Where relative names of sound files begin.
        dataset: What errors call the dataset.

    Raises:
        DataError: If no column can hold values of that modality.
    """
    spec = catalog.entry(modality).spec
    if spec is not None:
        if len(spec.names) > 1:
            found = f"{str(modality)!r} is carried by {len(spec.names)} tensors, {spec}"
            raise DataError(dataset, found, "name a column for a modality of one tensor")
        return TensorConverter(spec.tensors[0])
    payload = catalog.modality_type(modality).payload
    if payload is None:
        found = f"the type of {str(modality)!r} has neither a payload nor a spec"
        raise DataError(dataset, found, "register the modality type with its payload")
    if payload is Payload.WAVEFORM:
        return lambda raw: read_sound(raw, folder)
    if payload is Payload.IMAGE:
        return lambda raw: read_image(raw, folder)
    return _CONVERTERS[payload]


def text(raw: object) -> str:
    """Make text of text, of a whole number, or of what a text file holds."""
    if isinstance(raw, Path):
        return read_text(raw)
    if isinstance(raw, str):
        return str(raw)
    if isinstance(raw, int | np.integer) and not isinstance(raw, bool):
        return str(raw)
    raise UnfitValueError(f"{shown(raw)} where text is wanted", "no text")


def _label(raw: object) -> int:
    if isinstance(raw, int | np.integer) and not isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, str) and raw.removeprefix("-").isdecimal():
        return int(raw)
    found = f"{shown(raw)} where a label, a whole number, is wanted"
    raise UnfitValueError(found, "no label")


def _array(raw: object) -> Array:
    array = np.asarray(raw)
    if array.dtype.kind in _NUMBERS:
        return array
    raise UnfitValueError(f"{shown(raw)} where numbers are wanted", "no numbers")


_CONVERTERS: Mapping[Payload, Converter] = {
    Payload.TEXT: text,
    Payload.LABEL: _label,
    Payload.ARRAY: _array,
}
