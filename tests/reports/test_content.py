"""What users wrote is shown and never obeyed; sound is heard and arrays are seen."""

import io
import re
import wave
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from transcoder.reports import content_markup, content_text
from transcoder.vocabulary import Array, Value, Waveform

RATE = 8000


def tone(hz: float, seconds: float = 0.5) -> Waveform:
    times = np.arange(int(RATE * seconds)) / RATE
    return Waveform((0.5 * np.sin(2 * np.pi * hz * times)).astype(np.float32), RATE)


def held(kind: str, markup: str) -> bytes:
    found = re.search(rf"data:{kind};base64,([A-Za-z0-9+/=]+)", markup)
    assert found is not None
    return b64decode(found[1])


def pixels(markup: str) -> Array:
    array: Array = np.asarray(Image.open(io.BytesIO(held("image/png", markup))))
    return array


def test_text_is_escaped_and_cut_where_it_is_endless() -> None:
    assert "&lt;script&gt;" in content_markup("<script>alert(1)</script>")
    assert len(content_markup("a" * 10_000)) < 1000


def test_sound_is_a_file_that_plays() -> None:
    with wave.open(io.BytesIO(held("audio/wav", content_markup(tone(440))))) as file:
        assert (file.getframerate(), file.getnframes()) == (RATE, RATE // 2)


def test_a_spectrogram_is_brightest_where_the_tone_is() -> None:
    low, high = (pixels(content_markup(tone(hz))) for hz in (1000, 3000))
    heights = [image.mean(axis=1).argmax() / image.shape[0] for image in (low, high)]
    assert heights == pytest.approx([0.75, 0.25], abs=0.03)  # of 4 kHz, from the top


def test_silence_and_a_single_sample_are_drawn() -> None:
    for samples in (np.zeros(4000), np.ones(1), np.full(10, np.nan)):
        assert "data:image/png" in content_markup(Waveform(samples.astype(np.float32), RATE))


@pytest.mark.parametrize("shape", [(8, 8), (5, 9, 1), (5, 9, 3)])
def test_a_picture_keeps_its_pixels(shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape)).reshape(shape) / 7
    seen = pixels(content_markup(values.astype(np.float32)))
    scaled = (255 * (values - values.min()) / np.ptp(values)).astype(np.uint8)
    assert (seen == scaled.squeeze()).all()


def test_flat_pixels_of_a_square_picture_are_drawn_in_lines() -> None:
    values = np.arange(64, dtype=np.float32)
    assert pixels(content_markup({"pixels": values})).shape == (8, 8)
    assert "float32 (64,)" in content_markup({"hidden": values})


def test_a_large_table_is_drawn_small() -> None:
    assert max(pixels(content_markup(np.eye(3000))).shape) <= 512


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7, "7"),
        ("two\nlines", "two lines"),
        (tone(440), "sound, 0.50 s at 8000 Hz"),
        (np.array([1.5, 2.0]), "float64 (2,): 1.5, 2"),
        (np.arange(20), "int64 (20,): 0, 1, 2, 3, 4, 5, 6, 7, ..."),
        ({"hidden": np.zeros((2, 3))}, "hidden (2, 3)"),
    ],
)
def test_a_value_is_told_in_one_line(value: Value, said: str) -> None:
    assert content_text(value) == said


def test_a_vector_is_told_by_its_first_numbers() -> None:
    assert "float32 (300,): 0, 0, " in content_markup(np.zeros(300, np.float32))
