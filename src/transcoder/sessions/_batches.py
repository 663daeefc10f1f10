"""Rows to batches and back; padding is zero, always."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transcoder.vocabulary import Array, Spec, Tensors, TensorSpec

_MASK = "mask"


def collate(rows: Sequence[Tensors], spec: Spec) -> dict[str, Array]:
    """Put rows into one batch; every named axis is padded with zeros to its longest.

    Args:
        rows: Tensors of single rows, without batch axis, each fitting the spec.
        spec: What carries them.

    Returns:
        The tensors of the spec, batch axis first.
    """
    lengths: dict[str, int] = {}
    for tensor in spec.tensors:
        for position, axis in enumerate(tensor.axes[1:]):
            if isinstance(axis, str):
                found = max((row[tensor.name].shape[position] for row in rows), default=0)
                lengths[axis] = max(lengths.get(axis, 0), found)
    return {tensor.name: _stack(rows, tensor, lengths) for tensor in spec.tensors}


def lone_batch(row: Tensors, spec: Spec) -> dict[str, Array]:
    """Put one row into a batch of its own that shares its memory.

    Args:
        row: The tensors of one row, without batch axis, fitting the spec.
        spec: What carries it.
    """
    return {tensor.name: row[tensor.name][None] for tensor in spec.tensors}


def _stack(rows: Sequence[Tensors], tensor: TensorSpec, lengths: dict[str, int]) -> Array:
    arrays = [row[tensor.name] for row in rows]
    shape = tuple(lengths[axis] if isinstance(axis, str) else axis for axis in tensor.axes[1:])
    if arrays and all(array.shape == shape for array in arrays):
        joined: Array = np.concatenate(arrays) if shape else np.array(arrays)
        return joined.reshape(len(arrays), *shape)
    dtype = arrays[0].dtype if arrays else numpy_dtype(tensor.dtype)
    batch: Array = np.zeros((len(arrays), *shape), dtype=dtype)
    for row, array in zip(batch, arrays, strict=True):
        row[tuple(slice(length) for length in array.shape)] = array
    return batch


def split_rows(batch: Tensors, spec: Spec) -> list[dict[str, Array]]:
    """Take a batch apart; the tail that `mask` calls padding is cut off where there is one.

    Args:
        batch: The tensors of the spec, batch axis first.
        spec: What carries them.

    Returns:
        The tensors of each row, without batch axis.
    """
    if _is_full(batch) or (masked := mask_axis(spec)) is None:
        return _unmasked_rows(batch, spec)
    cut = {tensor.name: [axis == masked for axis in tensor.axes[1:]] for tensor in spec.tensors}
    return [
        {name: _cut(batch[name][row], each, length) for name, each in cut.items()}
        for row, length in enumerate(real_lengths(batch[_MASK]).tolist())
    ]


def _cut(array: Array, cut: Sequence[bool], length: int) -> Array:
    return array[tuple(slice(length if each else None) for each in cut)]


def join_batches(batches: Sequence[Tensors], spec: Spec) -> dict[str, Array]:
    """Put batches one after the other; named axes are padded with zeros to the longest.

    Args:
        batches: Batches of one spec, at least one.
        spec: What carries them.
    """
    if len(batches) == 1:
        return dict(batches[0])
    return collate([row for batch in batches for row in _unmasked_rows(batch, spec)], spec)


def _unmasked_rows(batch: Tensors, spec: Spec) -> list[dict[str, Array]]:
    names = spec.names
    if len(names) == 1:
        return [{names[0]: row} for row in batch[names[0]]]
    rows = zip(*(batch[name] for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def clear_padding(batch: dict[str, Array], spec: Spec) -> None:
    """Set to zero, in place, whatever a network left where `mask` says padding.

    Args:
        batch: The tensors of the spec, batch axis first.
        spec: What carries them.
    """
    if _is_full(batch) or (masked := mask_axis(spec)) is None:
        return
    padding = ~(np.arange(batch[_MASK].shape[1]) < real_lengths(batch[_MASK])[:, None])
    for tensor in spec.tensors:
        for position, axis in enumerate(tensor.axes):
            if axis == masked:
                array = batch[tensor.name] = np.require(batch[tensor.name], None, "W")
                np.moveaxis(array, position, 1)[padding] = 0


def _is_full(batch: Tensors) -> bool:
    """Whether nothing is padding, which is quickly seen and mostly so."""
    mask = batch.get(_MASK)
    return mask is None or np.count_nonzero(mask) == mask.size


def mask_axis(spec: Spec) -> str | None:
    """Find the axis whose real part the tensor `mask: bool[batch, axis]` tells."""
    for tensor in spec.tensors:
        if tensor.name == _MASK and tensor.dtype == "bool" and len(tensor.axes) == 2:  # noqa: PLR2004 # batch and the masked axis
            return tensor.axes[1] if isinstance(tensor.axes[1], str) else None
    return None


def real_lengths(mask: Array) -> NDArray[np.int64]:
    """Count, for each row, what stands up to its last real place.

    Args:
        mask: True where real, bool (batch, axis).

    Returns:
        Lengths, int64 (batch,).
    """
    places = np.arange(1, mask.shape[1] + 1, dtype=np.int64)
    lengths: NDArray[np.int64] = np.max(np.where(mask, places, 0), axis=1, initial=0)
    return lengths


def numpy_dtype(name: str) -> np.dtype[np.generic]:
    """Find what numpy calls a dtype of a spec; text is held as objects.

    >>> numpy_dtype("float32")
    dtype('float32')
    """
    return np.dtype(object if name == "string" else name)
