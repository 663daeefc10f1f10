"""Sound, pictures and texts in files, or in the bytes of files."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from transcoder.errors import MissingExtraError
from transcoder.vocabulary import Array, Waveform

_UNREADABLE = "an unreadable file"
_DEEP = frozenset("IF")  # how Pillow's modes of more than 8 bits begin; it would clip them


class UnfitValueError(ValueError):
    """A raw value that cannot become a value of the modality; the text says why.

    Args:
        found: What is there and what is wanted.
        reason: Why in words that such rows share.
    """

    def __init__(self, found: str, reason: str) -> None:
        self.reason = reason
        super().__init__(found)


def read_sound(raw: object, folder: Path) -> Waveform:
    """Read sound in one channel.

    Args:
        raw: The name of a file, its bytes, or a mapping with `bytes` or `path`.
        folder: Where relative names begin.

    Raises:
        UnfitValueError: If it is no sound, or in several channels.
        MissingExtraError: If soundfile is not installed.
    """
    try:
        import soundfile
    except ImportError as error:
        raise MissingExtraError("reading sound", "soundfile", "speech") from error
    source = _source(raw, folder, "sound")
    try:
        samples, rate_hz = soundfile.read(source, dtype="float32")
    except (OSError, soundfile.SoundFileError) as error:
        raise _unreadable(raw, error) from error
    if samples.ndim != 1:
        found = f"{shown(raw)}, sound in {samples.shape[1]} channels, not one,"
        raise UnfitValueError(found, "sound in several channels")
    return Waveform(samples, rate_hz)


def read_image(raw: object, folder: Path) -> Array:
    """Read a picture, or take numbers for one as they are.

    Args:
        raw: The name of a file, its bytes, a mapping with `bytes` or `path`, or numbers.
        folder: Where relative names begin.

    Returns:
        Pixels as they stand in the file, uint8 (height, width) or (height, width, channel).

    Raises:
        UnfitValueError: If it is no picture.
        MissingExtraError: If pillow is not installed.
    """
    if not isinstance(raw, str | bytes | Path | Mapping):
        array = np.asarray(raw)
        if array.dtype.kind in "biuf":
            return array
    source = _source(raw, folder, "picture")
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("reading pictures", "pillow", "images") from error
    try:
        with Image.open(source) as picture:
            if picture.mode[0] in _DEEP:
                found = f"{shown(raw)}, a picture of more than 8 bits a channel,"
                raise UnfitValueError(found, "a picture of more than 8 bits a channel")
            is_plain = picture.mode in {"L", "RGB", "RGBA"}
            return np.asarray(picture if is_plain else picture.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unreadable(raw, error) from error


def read_text(file: Path) -> str:
    """Read a text file, without the line end at its end and a byte order mark before it.

    Raises:
        UnfitValueError: If it cannot be read as UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig").removesuffix("\n")
    except (OSError, UnicodeError) as error:
        raise _unreadable(str(file), error) from error


def shown(raw: object) -> str:
    """Write a value for an error, shortened."""
    short = repr(raw)
    return f"{type(raw).__name__} {short if len(short) <= 60 else f'{short[:57]}...'}"  # noqa: PLR2004 # what reads well in a sentence


def _source(raw: object, folder: Path, kind: str) -> Path | BytesIO:
    if isinstance(raw, Mapping):
        content = raw.get("bytes")
        if isinstance(content, bytes):
            return BytesIO(content)
        raw = raw.get("path")
    if isinstance(raw, bytes):
        return BytesIO(raw)
    if isinstance(raw, str | Path):
        return folder / raw
    found = f"{shown(raw)} where the name of a {kind} file is wanted"
    raise UnfitValueError(found, f"no {kind} file")


def _unreadable(raw: object, error: Exception) -> UnfitValueError:
    reason = " ".join(str(error).split())
    found = f"{shown(raw)}, a file that cannot be read ({reason}),"
    return UnfitValueError(found, _UNREADABLE)
