"""Measures the exported networks of the numbers world on rows that they never learnt from."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

import numbers_data as data
from numbers_hearing import ENGLISH_TEXT
from numbers_voices import HELD_OUT, LEARNT, WORLDS_OWN, Setting, speak_rows
from transcoder.vocabulary import Split

_HEAD = """\
# Quality of the networks of the numbers world

Measured by `scripts/make_numbers_world.py` on the ONNX files of this folder. Networks learn
from training rows, and validation rows choose the checkpoint. No number of one digit is among
the test rows, hence the second table, which mixes all splits.

- **EnTTS** is right where, of the true spectrograms of all rows of the table, the nearest to
  the predicted one is the row's own. *Error* is the mean squared error; silence is 0, loud 1.
- **EnDe** is right where every character of the German words is.
- **EnSTT** is right where every character of the English words is, hyphens, the comma and "and"
  included. It has learnt from {learnt} ways to speak, a few of them for each number; the ways
  that are marked held out it has never heard. Every third number is spoken in those.
"""


def write_quality(words: data.Words, folder: Path) -> None:
    """Write ``QUALITY.md`` beside the files it is about."""
    test, small = data.rows_of(Split.TEST), np.arange(100)
    sections = [
        _section("Test rows", words, test, folder),
        _section("0 to 99, whatever their split", words, small, folder),
    ]
    sections.append(_hearing_section(words, test, small, folder))
    head = _HEAD.format(learnt=len(LEARNT))
    (folder / "QUALITY.md").write_text("\n".join([head, *sections]), encoding="utf-8")


def heard_right(
    words: data.Words, rows: NDArray[np.int64], setting: Setting, folder: Path
) -> NDArray[np.bool_]:
    """Tell of each number whether EnSTT writes it exactly, spoken in one setting."""
    frames = speak_rows(words, rows, setting).frames.astype(np.float32)
    texts = ENGLISH_TEXT([{"logits": row} for row in _run(folder, "EnSTT", frames, "frames")])
    return np.array([texts[place] == words.english[row] for place, row in enumerate(rows)])


def _hearing_section(
    words: data.Words, test: NDArray[np.int64], small: NDArray[np.int64], folder: Path
) -> str:
    lines = [
        "## EnSTT, on speech\n",
        "| spoken by | words per minute | pitch | test rows | right | 0 to 99 right |",
        "|---|---|---|---|---|---|",
    ]
    heard, short = [], []
    for index, setting in enumerate((WORLDS_OWN, *HELD_OUT)):
        rows = test[index % 3 :: 3] if index else test
        right = heard_right(words, rows, setting, folder)
        low = heard_right(words, small, setting, folder)
        name = f"{setting.voice}, held out" if index else setting.voice
        lines.append(
            f"| {name} | {setting.rate_wpm} | {setting.pitch} | {len(rows)} "
            f"| {right.mean():.4f} | {low.mean():.4f} |"
        )
        if index:
            heard.append(right)
            short.append(low)
    right, low = np.concatenate(heard), np.concatenate(short)
    lines.append(f"| all held out | | | {len(right)} | {right.mean():.4f} | {low.mean():.4f} |")
    return "\n".join(lines) + "\n"


def _section(title: str, words: data.Words, rows: NDArray[np.int64], folder: Path) -> str:
    frames = _run(folder, "EnTTS", data.english_tokens(words)[rows])
    logits = _run(folder, "EnDe", data.english_tokens(words)[rows])
    spoken = data.spoken_frames(words, [int(row) for row in rows])
    found = _nearest(frames, spoken) == np.arange(len(rows))
    texts = data.GERMAN_TEXT([{"logits": row} for row in logits])
    exact = np.array([texts[place] == words.german[row] for place, row in enumerate(rows)])
    errors = np.square(frames - spoken).mean(axis=(1, 2))
    digits = np.array([len(str(row)) for row in rows])
    lines = [
        f"## {title}\n",
        "| digits | rows | EnTTS right | EnTTS error | EnDe right |",
        "|---|---|---|---|---|",
    ]
    for label, chosen in [("all", digits > 0), *((str(n), digits == n) for n in range(1, 5))]:
        if chosen.any():
            lines.append(
                f"| {label} | {chosen.sum()} | {found[chosen].mean():.4f} "
                f"| {errors[chosen].mean():.5f} | {exact[chosen].mean():.4f} |"
            )
    return "\n".join(lines) + "\n"


def _run(
    folder: Path, name: str, given: NDArray[np.generic], tensor: str = "tokens"
) -> NDArray[np.float32]:
    encoder = onnxruntime.InferenceSession(folder / f"{name}.encoder.onnx")
    decoder = onnxruntime.InferenceSession(folder / f"{name}.decoder.onnx")
    made = []
    for part in np.array_split(given, max(1, len(given) // 128)):
        (hidden,) = encoder.run(None, {tensor: part})
        made.append(decoder.run(None, {"hidden": hidden})[0])
    return np.concatenate(made)


def _nearest(made: NDArray[np.float32], true: NDArray[np.float32]) -> NDArray[np.int64]:
    made, true = made.reshape(len(made), -1), true.reshape(len(true), -1)
    distances = np.square(true).sum(axis=1) - 2.0 * made @ true.T
    nearest: NDArray[np.int64] = distances.argmin(axis=1)
    return nearest
