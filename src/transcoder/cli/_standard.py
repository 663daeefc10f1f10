"""One value through standard input and standard output."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from transcoder.errors import StorageError
from transcoder.vocabulary import Payload, Value, Waveform

_PICTURE, _SOUND, _ARRAY, _TENSORS = ".png", ".wav", ".npy", ".npz"


def from_standard_input(payload: Payload | None) -> Value:
    """Read one value: text, digits, or what a file of its kind would hold.

    Args:
        payload: What the value's modality holds; None for tensors.

    Raises:
        StorageError: If it is not of that kind.
    """
    from transcoder.serving import read_value

    content = sys.stdin.buffer.read()
    if payload in {Payload.TEXT, Payload.LABEL}:
        return read_value(_text(content).strip(), payload)
    is_picture = payload is Payload.IMAGE and not content.startswith(b"\x93NUMPY")
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"value{_PICTURE if is_picture else ''}"
        file.write_bytes(content)
        try:
            return read_value(str(file), payload)
        except StorageError as error:
            reason = error.reason.replace(str(file), "it")
            raise StorageError("standard input", reason, error.remedy) from error


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = "it is not UTF-8 text"
        raise StorageError("standard input", reason, "give text in UTF-8") from error


def to_standard_output(value: Value, payload: Payload | None) -> None:
    """Write one value as a file of its kind would hold it.

    Args:
        value: Sound becomes `.wav`, a picture `.png`, an array `.npy`, named tensors `.npz`,
            all else text.
        payload: What the value's modality holds; None for tensors.

    Raises:
        StorageError: If it cannot be written in that form.
    """
    from transcoder.serving import write_value

    with TemporaryDirectory() as folder:
        file = Path(folder) / f"value{_suffix(value, payload)}"
        try:
            write_value(value, file)
        except StorageError as error:
            reason = error.reason.replace(str(file), "it")
            raise StorageError("standard output", reason, error.remedy) from error
        sys.stdout.buffer.write(file.read_bytes())
        sys.stdout.flush()


def _suffix(value: Value, payload: Payload | None) -> str:
    if isinstance(value, Waveform):
        return _SOUND
    if isinstance(value, str | int):
        return ".txt"
    if not isinstance(value, np.ndarray):
        return _TENSORS
    return _PICTURE if payload is Payload.IMAGE else _ARRAY
