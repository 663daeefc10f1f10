"""Who speaks the numbers that EnSTT learns to hear, and their sound as spectrograms."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

import numbers_data as data
from transcoder.oracles import EspeakCrowd, EspeakSynthesizer, LogMelSpectrogram

FRAMES = 256
SPECTROGRAM = LogMelSpectrogram(
    frames=FRAMES, hop=data.HOP, bands=data.BANDS, floor=data.FLOOR, ceiling=data.CEILING
)
_PLAIN_SHARE = 0.25  # of utterances without the comma and "and", as EnTTS says them
_SHORT = 100  # numbers below this are spoken in every setting
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to speak.

    Attributes:
        voice: eSpeak's voice, with its variant.
        rate_wpm: Words per minute.
        pitch: Height of the voice, 0 to 99.
    """

    voice: str
    rate_wpm: int
    pitch: int


WORLDS_OWN = Setting("en-us", 180, 50)
LEARNT = (
    WORLDS_OWN,
    Setting("en-us", 145, 42),
    Setting("en-us", 215, 60),
    Setting("en-gb-x-rp", 160, 50),
    Setting("en-gb-x-rp", 205, 38),
    Setting("en-gb-scotland", 150, 58),
    Setting("en-gb-scotland", 190, 45),
    Setting("en-029", 170, 52),
    Setting("en-029", 210, 40),
    Setting("en-gb-x-gbclan", 180, 60),
    Setting("en-us+m1", 200, 35),
    Setting("en-us+m3", 155, 48),
    Setting("en-us+m5", 175, 62),
    Setting("en-us+f1", 165, 45),
    Setting("en-us+f3", 195, 55),
    Setting("en-us+f5", 220, 50),
    Setting("en-gb-x-rp+f2", 175, 40),
    Setting("en-gb-x-rp+m2", 220, 57),
    Setting("en-gb-x-gbclan+m6", 140, 50),
    Setting("en-029+f3", 185, 47),
    Setting("en-gb-scotland+f1", 205, 52),
    Setting("en-us+m8", 185, 44),
)
HELD_OUT = (
    Setting("en-us+f2", 168, 58),
    Setting("en-us+m7", 202, 46),
    Setting("en-gb-x-gbclan+f4", 188, 42),
    Setting("en-gb-scotland+m4", 158, 52),
    Setting("en-029+m2", 178, 61),
)


@dataclass(frozen=True, slots=True)
class Utterances:
    """Spoken numbers.

    Attributes:
        numbers: Which number each is, (utterance,).
        frames: How each sounds, float16 (utterance, frame, band).
    """

    numbers: NDArray[np.int64]
    frames: NDArray[np.float16]


def speak_learnt(words: data.Words, rows: NDArray[np.int64], *, share: float) -> Utterances:
    """Speak each number in some of the settings to learn from, short ones in all of them.

    Args:
        words: All words.
        rows: The numbers.
        share: Of the settings that a number of three or four digits is spoken in; three times
            as much for the setting that the world's own oracle has.
    """
    chosen, texts = [], []
    for index, setting in enumerate(LEARNT):
        generator = np.random.default_rng([3, index])
        of_all = 3 * share if setting == WORLDS_OWN else share
        drawn, plain = generator.random((2, data.COUNT))
        mine = rows[(drawn[rows] < of_all) | (rows < _SHORT)]
        chosen.append(mine)
        texts.append([_text(words, int(row), plain=plain[row] < _PLAIN_SHARE) for row in mine])
    with ProcessPoolExecutor(_WORKERS) as pool:
        parts = list(pool.map(speak, LEARNT, texts))
    return Utterances(np.concatenate(chosen), np.concatenate(parts))


def speak_rows(words: data.Words, rows: NDArray[np.int64], setting: Setting) -> Utterances:
    """Speak each number in one setting, as its words are written."""
    texts = [words.english[row] for row in rows]
    parts = [list(part) for part in np.array_split(np.array(texts), _WORKERS)]
    with ProcessPoolExecutor(_WORKERS) as pool:
        return Utterances(rows, np.concatenate(list(pool.map(speak, repeat(setting), parts))))


def speak_twice(words: data.Words, rows: NDArray[np.int64]) -> Utterances:
    """Speak each number as the oracles of the world do: in its own voice, and in its crowd."""
    texts = [words.english[row] for row in rows]
    parts = [list(part) for part in np.array_split(np.array(texts), _WORKERS)]
    with ProcessPoolExecutor(_WORKERS) as pool:
        spoken = [*pool.map(speak, repeat(WORLDS_OWN), parts), *pool.map(speak_crowd, parts)]
    return Utterances(np.tile(rows, 2), np.concatenate(spoken))


def speak(setting: Setting, texts: Sequence[str]) -> NDArray[np.float16]:
    """Speak texts in one setting, and show the sounds as float16 (text, frame, band)."""
    return _shown(EspeakSynthesizer(**asdict(setting)), texts)


def speak_crowd(texts: Sequence[str]) -> NDArray[np.float16]:
    """Speak texts in the settings to learn from, one each as the world's crowd draws it."""
    return _shown(EspeakCrowd(voices=[asdict(each) for each in LEARNT]), texts)


def _shown(voice: EspeakSynthesizer | EspeakCrowd, texts: Sequence[str]) -> NDArray[np.float16]:
    frames = np.empty((len(texts), FRAMES, data.BANDS), dtype=np.float16)
    for line, text in zip(frames, texts, strict=True):
        line[:] = SPECTROGRAM(voice([str(text)]))[0]["frames"]
    return frames


def _text(words: data.Words, row: int, *, plain: bool) -> str:
    text = words.english[row]
    return data.ENGLISH_TOKENS.normalized(text) if plain else text
