"""Digests of values by what they hold."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import final

import numpy as np

from transcoder.vocabulary import Array, Tensors, Value, Waveform, canonical_json

_TOGETHER = 4096  # texts and numbers that are written as one piece


@final
class ContentDigest:
    """SHA-256 of a sequence of values, whatever pieces they come in."""

    def __init__(self) -> None:
        self._digest = sha256()
        self._plain: list[str | int] = []

    def update(self, values: Sequence[Value]) -> None:
        """Add values behind those that were added before."""
        for value in values:
            if isinstance(value, str | int):
                self._plain.append(value)
                if len(self._plain) == _TOGETHER:
                    self._digest.update(_line(self._plain))
                    self._plain.clear()
                continue
            for piece in _pieces(value):
                self._digest.update(piece)

    def update_block(self, block: Tensors) -> None:
        """Add rows of tensors that are one batch; the digest is that of its single rows.

        Args:
            block: Named arrays, batch axis first.
        """
        parts: list[Array] = []
        for name in sorted(block):
            array = np.ascontiguousarray(block[name])
            head = f"{name}\n{_head(array.dtype, array.shape[1:])}".encode()
            told = np.frombuffer(head, dtype=np.uint8)
            parts.append(np.broadcast_to(told, (len(array), len(told))))
            if array.size:
                parts.append(array.reshape(len(array), -1).view(np.uint8))
        self._digest.update(np.concatenate(parts, axis=1).data)

    def hexdigest(self) -> str:
        """SHA-256 of what was added so far, in hexadecimal; more may be added."""
        digest = self._digest.copy()
        if self._plain:
            digest.update(_line(self._plain))
        return digest.hexdigest()


def group_of_content(value: Value) -> str:
    """Name a group by what a row holds, so that rows of equal content never part."""
    digest = ContentDigest()
    digest.update([value])
    return digest.hexdigest()[:32]


def _pieces(value: Value) -> Iterable[bytes]:
    """Bytes that differ where values do."""
    if isinstance(value, Waveform):
        yield f"{value.rate_hz} Hz\n".encode()
        yield from _array_pieces(value.samples)
    elif isinstance(value, Mapping):
        for name in sorted(value):
            yield f"{name}\n".encode()
            yield from _array_pieces(value[name])
    elif isinstance(value, np.ndarray):
        yield from _array_pieces(value)
    else:
        yield _line(value)  # type: ignore[arg-type] # what canonical_json cannot write it refuses


def _line(plain: Sequence[str | int]) -> bytes:
    return f"{canonical_json(plain)}\n".encode()


def _array_pieces(array: Array) -> Iterable[bytes]:
    yield _head(array.dtype, array.shape).encode()
    yield array.tobytes()


def _head(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> str:
    return f"{dtype.str}{shape}\n"
