"""What the networks of the numbers world learn from: words, tokens and spoken sound."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcoder.oracles import (
    CharacterTokenizer,
    EspeakSynthesizer,
    GreedyDecoder,
    LogMelSpectrogram,
    NumberWords,
)
from transcoder.vocabulary import Split, SplitShares, split_of

COUNT = 10_000
ENGLISH_ALPHABET = " adefghilnorstuvwxyz"
GERMAN_ALPHABET = "abcdefghilnrstuvwzßöü"
POSITIONS = 48
FRAMES, BANDS, HOP = 144, 48, 400
FLOOR, CEILING = 2e-3, 2.0
SHARES = SplitShares(salt="numbers")

ENGLISH_TOKENS = CharacterTokenizer(
    alphabet=ENGLISH_ALPHABET, spaced="-", dropped=",", dropped_words=["and"]
)
GERMAN_TEXT = GreedyDecoder(alphabet=GERMAN_ALPHABET)
VOICE = EspeakSynthesizer(voice="en-us", rate_wpm=180)
SPECTROGRAM = LogMelSpectrogram(
    frames=FRAMES, hop=HOP, bands=BANDS, floor=FLOOR, ceiling=CEILING
)


@dataclass(frozen=True, slots=True)
class Words:
    """The numbers 0 to 9999 in two languages, by row.

    Attributes:
        english: num2words' English.
        german: num2words' German.
    """

    english: tuple[str, ...]
    german: tuple[str, ...]


def make_words() -> Words:
    """Ask the oracle for all words."""
    numbers = range(COUNT)
    return Words(
        tuple(NumberWords(language="en")(numbers)), tuple(NumberWords(language="de")(numbers))
    )


def write_words(words: Words, path: Path) -> None:
    """Write the rows as CSV; ``digits`` is how many a number has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("number", "digits", "english", "german"))
        for number, row in enumerate(zip(words.english, words.german, strict=True)):
            writer.writerow((number, len(str(number)), *row))


def rows_of(split: Split) -> NDArray[np.int64]:
    """List the numbers of one split."""
    rows = [number for number in range(COUNT) if split_of(str(number), SHARES) is split]
    return np.array(rows, dtype=np.int64)


def padded(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Stack rows of unequal length, with zeros behind the short ones."""
    table = np.zeros((len(rows), max(len(row) for row in rows)), dtype=np.int64)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table


def english_tokens(words: Words) -> NDArray[np.int64]:
    """Number the characters of all English words, (row, time)."""
    return padded(
        [tensors["tokens"].astype(np.int64) for tensors in ENGLISH_TOKENS(words.english)]
    )


def german_symbols(words: Words) -> NDArray[np.int64]:
    """Number the characters of all German words, (row, position), as the decoder has them."""
    symbols = np.zeros((COUNT, POSITIONS), dtype=np.int64)
    for line, text in zip(symbols, words.german, strict=True):
        line[: len(text)] = [GERMAN_ALPHABET.index(symbol) + 1 for symbol in text]
    return symbols


def spoken_frames(words: Words, rows: Sequence[int]) -> NDArray[np.float32]:
    """Speak some rows and show them as spectrograms, (row, frame, band)."""
    frames = np.empty((len(rows), FRAMES, BANDS), dtype=np.float32)
    for line, row in zip(frames, rows, strict=True):
        text = ENGLISH_TOKENS.normalized(words.english[row])
        line[:] = SPECTROGRAM(VOICE([text]))[0]["frames"]
    return frames
