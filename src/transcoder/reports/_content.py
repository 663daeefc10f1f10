"""Content as markup: text that is read, sound that is heard, arrays that are looked at."""

import io
import math
import struct
import wave
import zlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape

import numpy as np
from numpy.typing import NDArray

from transcoder.reports._svg import element
from transcoder.vocabulary import Array, Value, Waveform

_LONGEST_TEXT = 600
_LONGEST_SOUND_S = 20.0
_WINDOW_MS, _HOP_MS, _BANDS, _RANGE_DB = 25.0, 10.0, 96, 80.0
_LARGEST = 512
"""How many numbers of an array are drawn along an axis."""
_SHOWN_NUMBERS = 8


def content_markup(value: Value) -> str:
    """Show a value of any modality; whatever a user wrote is escaped.

    Text stands as it is, sound gets a player and its spectrogram, a picture or another table
    of numbers is drawn, a vector is told by its first numbers.
    """
    match value:
        case str():
            text = value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]} ..."
            return element("span", escape(text), class_="text")
        case int():
            return element("span", str(value), class_="text")
        case Waveform():
            return _sound(value)
        case Mapping():
            parts = (f"{escape(name)}: {_named(name, array)}" for name, array in value.items())
            return "<br>".join(parts)
        case _:
            return _array(value)


def content_text(value: Value) -> str:
    """Tell a value in one line of plain text, for Markdown."""
    match value:
        case str():
            return " ".join(value[:_LONGEST_TEXT].split())
        case int():
            return str(value)
        case Waveform():
            return f"sound, {len(value.samples) / value.rate_hz:.2f} s at {value.rate_hz} Hz"
        case Mapping():
            return ", ".join(f"{name} {array.shape}" for name, array in value.items())
        case _:
            return _numbers(value)


def _named(name: str, array: Array) -> str:
    """Draw the pixels of a square picture in its lines, where a network takes them flat."""
    side = math.isqrt(array.size)
    is_flat = name == "pixels" and array.ndim == 1 and side**2 == array.size
    return _array(array.reshape(side, side) if is_flat else array)


def _array(array: Array) -> str:
    if array.dtype.kind not in "fiub" or not array.size:
        return element("span", escape(_numbers(array)), class_="numbers")
    if array.ndim == 3 and array.shape[-1] in {1, 3}:  # noqa: PLR2004  # a picture's channels
        return _image(array.astype(np.float64), "picture")
    if array.ndim == 2 and min(array.shape) > 1:  # noqa: PLR2004  # a table of numbers
        return _image(array.astype(np.float64)[:, :, None], "picture")
    return element("span", escape(_numbers(array)), class_="numbers")


def _numbers(array: Array) -> str:
    flat = array.reshape(-1)[:_SHOWN_NUMBERS]
    shown = ", ".join(f"{each:.3g}" if flat.dtype.kind == "f" else str(each) for each in flat)
    more = ", ..." if array.size > len(flat) else ""
    return f"{array.dtype} {array.shape}: {shown}{more}"


def _sound(value: Waveform) -> str:
    samples = np.nan_to_num(value.samples[: int(_LONGEST_SOUND_S * value.rate_hz)])
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(value.rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    source = f"data:audio/wav;base64,{b64encode(held.getvalue()).decode()}"
    player = element("audio", controls="controls", preload="metadata", src=source)
    return f"{player}{_image(_spectrogram(samples, value.rate_hz)[:, :, None], 'spectrogram')}"


def _spectrogram(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Measure loudness in decibels by frequency, the highest first, and time, (band, frame)."""
    window = max(int(_WINDOW_MS * rate_hz / 1000), 2)
    hop = max(int(_HOP_MS * rate_hz / 1000), 1)
    padded = np.pad(samples, (0, max(window - len(samples), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(window), axis=1)) ** 2
    edges = np.linspace(0, power.shape[1], min(_BANDS, power.shape[1]) + 1).astype(int)
    bands = np.add.reduceat(power, edges[:-1], axis=1)
    loud = 10 * np.log10(np.maximum(bands, 1e-10))
    heard: NDArray[np.float64] = np.maximum(loud, loud.max() - _RANGE_DB).T[::-1]
    return heard


def _image(pixels: NDArray[np.float64], label: str) -> str:
    """Draw (height, width, channel) from its least number, black, to its greatest, white."""
    shape = pixels.shape
    step = (max(-(-shape[0] // _LARGEST), 1), max(-(-shape[1] // _LARGEST), 1))
    few = np.nan_to_num(pixels[:: step[0], :: step[1]])
    low, high = few.min(), few.max()
    scaled = (255 * (few - low) / ((high - low) or 1.0)).astype(np.uint8)
    source = f"data:image/png;base64,{b64encode(_png(scaled)).decode()}"
    return f'<img class="{label}" alt="{label}" src="{source}">'


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Write a PNG file of (height, width, channel); https://www.w3.org/TR/png-3/#5DataRep."""
    height, width, channels = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)  # noqa: PLR2004  # red, green, blue
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
