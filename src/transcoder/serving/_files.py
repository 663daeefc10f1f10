"""Values as people have them: words on the command line, and files."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, UnionType
from typing import cast
from zipfile import BadZipFile

import numpy as np

from transcoder.errors import MissingExtraError, StorageError
from transcoder.files import whole_file
from transcoder.vocabulary import Array, Payload, Spec, Tensors, Value, Waveform

_REAL = frozenset({"float16", "float32", "float64"})
_IMAGES = frozenset({".png", ".jpg", ".jpeg"})
_DEEP = frozenset("IF")  # how Pillow's modes of more than 8 bits begin; it would clip them
_ARRAY = ".npy"
_TOLD: tuple[tuple[type | UnionType, str], ...] = (
    (Waveform, "sound"),
    (str | int, "text"),
    (Mapping, "named tensors"),
    (object, "an array"),
)
_SUFFIXES = {
    **dict.fromkeys((".wav", ".flac"), "sound"),
    **dict.fromkeys((*_IMAGES, _ARRAY), "an array"),
    ".npz": "named tensors",
    ".txt": "text",
}


def read_value(text: str, payload: Payload | None) -> Value:
    """Turn what stands on a command line into a value.

    Args:
        text: The text itself, a number for a label, or the path of a file for all else:
            `.wav` or `.flac` for a waveform, `.png` or `.jpg` for an image, uint8 (height,
            width) or (height, width, channel), `.npy` for an array, `.npz` for named tensors.
        payload: What the value's modality holds; None for tensors.

    Raises:
        StorageError: If the file is not there or is not of that kind.
    """
    if payload is Payload.TEXT:
        return text
    if payload is Payload.LABEL:
        return _label(text)
    path = Path(text)
    if not path.is_file():
        wanted = payload.value if payload else "tensors"
        raise StorageError(text, "there is no such file", f"give a file that holds {wanted}")
    if payload is Payload.WAVEFORM:
        return _read_waveform(path)
    if payload is Payload.IMAGE and path.suffix.lower() in _IMAGES:
        return _read_image(path)
    return _read_arrays(path)


def read_tensors(path: Path) -> Array | Tensors:
    """Read a `.npy` file as an array, a `.npz` file as named arrays.

    Raises:
        StorageError: If the file is not there or is not of that kind.
    """
    if not path.is_file():
        reason = "there is no such file"
        raise StorageError(str(path), reason, "give a .npy or .npz file")
    return _read_arrays(path)


def fitted(tensors: Tensors, spec: Spec) -> dict[str, Array]:
    """Bring floating numbers of a file to the length that a spec wants, as training does.

    Args:
        tensors: By name; what the spec does not name, and what is no such number, stays.
        spec: What is to carry them.
    """
    wanted = {each.name: each.dtype for each in spec.tensors if each.dtype in _REAL}
    with np.errstate(over="ignore"):  # what is too large is infinite then, and told by its row
        return {
            name: each.astype(wanted[name], copy=False)
            if name in wanted and each.dtype.kind == "f"
            else each
            for name, each in tensors.items()
        }


def write_value(value: Value, path: Path) -> None:
    """Write one value to a file in the form that its kind has on disk, aside, then renamed.

    Args:
        value: Text and labels become UTF-8 text, a waveform 16-bit sound, an array `.npy`,
            named tensors `.npz`.
        path: Of the file; its suffix chooses the format of sound (`.wav`, `.flac`), and a
            picture (`.png`, `.jpg`) where an array of uint8 shall be one. A lone tensor may
            stand in a `.npy` file; other suffixes that say something else are refused.

    Raises:
        StorageError: If it cannot be written.
    """
    with whole_file(path) as place:
        _write(value, place)


def _label(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise StorageError(
            text, "it is not a whole number", "give a label as digits"
        ) from error


def _read_waveform(path: Path) -> Waveform:
    sound = _soundfile()
    try:
        samples, rate_hz = sound.read(path, dtype="float32", always_2d=True)
    except sound.SoundFileError as error:
        raise StorageError(str(path), str(error), "give a .wav or .flac file") from error
    return Waveform(samples.mean(axis=1), int(rate_hz))


def _read_arrays(path: Path) -> Array | Tensors:
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except (ValueError, OSError, EOFError, BadZipFile, zlib.error) as error:
        raise StorageError(str(path), str(error), "give a .npy or .npz file") from error


def _read_image(path: Path) -> Array:
    picture = _pillow()
    try:
        with picture.open(path) as opened:
            if opened.mode[0] in _DEEP:
                reason = "it has more than 8 bits a channel"
                raise StorageError(str(path), reason, "save it with 8, or give a .npy file")
            whole = opened if opened.mode in {"L", "RGB", "RGBA"} else opened.convert("RGB")
            return np.asarray(whole)
    except (OSError, SyntaxError, ValueError, picture.DecompressionBombError) as error:
        raise StorageError(str(path), str(error), "give a .png or .jpg file") from error


def _write_image(value: Array, path: Path) -> None:
    if value.dtype != np.uint8 or value.shape[2:] not in {(), (3,), (4,)} or value.ndim < 2:  # noqa: PLR2004 # height and width
        message = (
            f"a picture is uint8 (height, width) or (height, width, 3 or 4), not {value.dtype} "
            f"{value.shape}"
        )
        raise OSError(message)
    try:
        _pillow().fromarray(value).save(path)
    except (KeyError, ValueError) as error:
        raise OSError(str(error)) from error


def _write(value: Value, path: Path) -> None:
    value = _for_suffix(value, path.suffix.lower())
    if isinstance(value, Waveform):
        sound = _soundfile()
        try:
            sound.write(path, value.samples, value.rate_hz, subtype="PCM_16")
        except (sound.SoundFileError, TypeError, ValueError) as error:
            raise OSError(str(error)) from error
    elif isinstance(value, str | int):
        path.write_text(f"{value}\n", encoding="utf-8")
    elif isinstance(value, Mapping):
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **value)
    elif path.suffix.lower() in _IMAGES:
        _write_image(value, path)
    else:
        with path.open("wb") as file:
            np.save(file, value, allow_pickle=False)


def _for_suffix(value: Value, suffix: str) -> Value:
    """Refuse a suffix that says something else; a lone tensor is an array for `.npy`."""
    if suffix == _ARRAY and isinstance(value, Mapping) and len(value) == 1:
        return next(iter(value.values()))
    told = next(told for kind, told in _TOLD if isinstance(value, kind))
    wanted = _SUFFIXES.get(suffix, told)
    if told != wanted:
        message = f"that is a name for {wanted}, and the value is {told}"
        raise OSError(message)
    return value


def _soundfile() -> ModuleType:
    try:
        import soundfile
    except ImportError as error:
        raise MissingExtraError("reading or writing sound", "soundfile", "speech") from error
    return cast("ModuleType", soundfile)


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("reading or writing pictures", "pillow", "images") from error
    return Image
