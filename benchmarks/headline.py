"""English speech to German text by a chain that nobody trained, beside its pivot, in one run.

Run:  python train.py recipe=speech_latent_text_latent
      python benchmarks/headline.py [--registry registry] [--every 1] [--repeats 50]

The transcoder leads from what the recogniser hears straight to the latent of the translator.
The pivot has the recogniser write English and the translator read it. Both get the same sounds
of numbers that no network has learnt from, by a voice that both were trained on and by voices
that neither has ever heard. A number is right where every
character is. Intervals are bootstrapped at 95 %, retention is paired: right by the transcoder
over right by the pivot. Latency is that of one sound, both in turns, the median.
"""

import argparse
import csv
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from transcoder.errors import TranscoderError
from transcoder.evaluation import Bootstrap, Scores
from transcoder.oracles import EspeakSynthesizer
from transcoder.vocabulary import Content, EdgePath, Interval, Split, SplitShares, split_of
from transcoder.workflows import Middleware

_WORDS = Path(__file__).parents[1] / "recipes" / "worlds" / "numbers" / "numbers.csv"
_SHARES = SplitShares(salt="numbers")
_VOICES: Mapping[str, Mapping[str, Any]] = {
    "en-us, known": {"voice": "en-us", "rate_wpm": 180, "pitch": 50},
    "en-us+f2, held out": {"voice": "en-us+f2", "rate_wpm": 168, "pitch": 58},
    "en-us+m7, held out": {"voice": "en-us+m7", "rate_wpm": 202, "pitch": 46},
    "en-gb-x-gbclan+f4, held out": {"voice": "en-gb-x-gbclan+f4", "rate_wpm": 188, "pitch": 42},
    "en-gb-scotland+m4, held out": {"voice": "en-gb-scotland+m4", "rate_wpm": 158, "pitch": 52},
    "en-029+m2, held out": {"voice": "en-029+m2", "rate_wpm": 178, "pitch": 61},
}
"""The world's own voice, and those that no network has ever heard."""

Pair: TypeAlias = tuple[Scores, ...]
"""What is right of each row, by the transcoder and by the pivot."""

_TRANSCODER = "EnSTT_to_text_latent"


def test_words() -> list[tuple[str, str]]:
    """Read the English and German words of the numbers of the test split."""
    with _WORDS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (row["english"], row["german"])
        for row in rows
        if split_of(row["number"], _SHARES) is Split.TEST
    ]


def right(made: list[Content], wanted: list[str]) -> Scores:
    """Give 1 for each text that is exactly right, (row)."""
    return np.array([float(a == b) for a, b in zip(made, wanted, strict=True)])


def shown(value: float, interval: Interval | None) -> str:
    """Write a value with its interval."""
    return f"{value:.3f} [{interval.low:.3f}, {interval.high:.3f}]" if interval else "none"


def row_of(name: str, found: Pair, bootstrap: Bootstrap) -> str:
    """Compare both on the same rows, in a line of the table."""
    means = [shown(each.mean(), bootstrap.mean(each)) for each in found]
    kept = shown(found[0].mean() / found[1].mean(), bootstrap.ratio(*found))
    return f"| {name} | {len(found[0])} | {means[0]} | {means[1]} | {kept} |"


def latencies_ms(
    middleware: Middleware, paths: list[EdgePath], sounds: list[Content], repeats: int
) -> list[float]:
    """Time paths in turns on single sounds, the median of each in milliseconds."""
    times: list[list[float]] = [[] for _ in paths]
    for number in range(repeats + 3):
        for found, path in zip(times, paths, strict=True):
            start = time.perf_counter()
            middleware.convert(sounds[number % len(sounds)], path)
            found.append((time.perf_counter() - start) * 1e3)
    return [statistics.median(found[3:]) for found in times]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", default="registry", help="folder (%(default)s)")
    parser.add_argument("--every", type=int, default=1, help="take every Nth test row")
    parser.add_argument("--repeats", type=int, default=50, help="sounds to time")
    asked = parser.parse_args()
    middleware = Middleware.open(asked.registry)
    try:
        ends = ("speech<en>", "text<de>")
        through = middleware.get_path(*ends, pieces=[_TRANSCODER])
        pivot = middleware.get_path(*ends, pieces=["EnSTT", "text<en>", "EnDe"])
    except TranscoderError as error:
        parser.exit(1, f"error: {error}; first run what the head of this file says\n")
    print(f"transcoder: {through}\npivot:      {pivot}\n")
    english, german = map(list, zip(*test_words()[:: asked.every], strict=True))
    bootstrap = Bootstrap()
    print("| voice | rows | transcoder right | pivot right | retention |")
    print("|---|---|---|---|---|")
    unheard: list[Pair] = []
    for name, manner in _VOICES.items():
        sounds: list[Content] = list(EspeakSynthesizer(**manner)(english))
        found = tuple(
            right(list(middleware.convert_many(sounds, path)), german)
            for path in (through, pivot)
        )
        print(row_of(name, found, bootstrap))
        if "held out" in name:
            unheard.append(found)
    pooled = tuple(np.concatenate(each) for each in zip(*unheard, strict=True))
    print(row_of("all held out", pooled, bootstrap))
    fast, slow = latencies_ms(middleware, [through, pivot], sounds, asked.repeats)
    print(
        f"\none sound: transcoder {fast:.2f} ms, pivot {slow:.2f} ms, {fast / slow:.2f} of it"
    )


if __name__ == "__main__":
    main()
