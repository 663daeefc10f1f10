"""English speech to German text by a chain that nobody trained, beside its pivot, in one run.

Run:  python train.py recipe=hub
      python train.py recipe=speech_latent_text_latent
      python train.py recipe=entts_speech_latent
      python scripts/make_direct_net.py
      python benchmarks/headline.py --direct runs/direct.onnx [--every 1] [--spoken-every 6]

The transcoder leads from what the recogniser hears straight to the latent of the translator.
The pivot has the recogniser write English and the translator read it. The direct net is one
that learnt from pairs of English sounds and German words, the upper bound. All get the same
sounds of numbers that no network has learnt from, by a voice that all were trained on and by
voices that none has ever heard. A number is right where every character is.

The second table is of what is spoken: text by the synthesizer behind the translator's encoder,
beside the synthesizer's own; and sounds in the synthesizer's voice, beside recognising and
speaking anew. The recogniser judges, and is right but for commas and "and", which the
synthesizer leaves out.

Intervals are bootstrapped at 95 %, ratios are paired. Latency is that of one value, all ways in
turns, the median.
"""

import argparse
import contextlib
import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transcoder.errors import TranscoderError
from transcoder.evaluation import Bootstrap, Scores
from transcoder.oracles import EspeakSynthesizer
from transcoder.vocabulary import Content, EdgePath, Split, SplitShares, split_of
from transcoder.workflows import Middleware

_WORLD = Path(__file__).parents[1] / "recipes" / "worlds" / "numbers"
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

_ENGLISH, _GERMAN, _SPEECH = "text<en>", "text<de>", "speech<en>"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to get from some content to another.

    Attributes:
        name: What the table calls it.
        middleware: Whose networks are on it.
        path: What it passes.
    """

    name: str
    middleware: Middleware
    path: EdgePath

    def take(self, values: Sequence[Content]) -> list[Content]:
        """Take values along."""
        return list(self.middleware.convert_many(values, self.path))


def test_words() -> list[tuple[str, str]]:
    """Read the English and German words of the numbers of the test split."""
    with (_WORLD / "numbers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (row["english"], row["german"])
        for row in rows
        if split_of(row["number"], _SHARES) is Split.TEST
    ]


def right(made: Sequence[Content], wanted: Sequence[Content]) -> Scores:
    """Give 1 for each text that is exactly right, (row)."""
    return np.array([float(a == b) for a, b in zip(made, wanted, strict=True)])


def plain(texts: Sequence[Content]) -> list[Content]:
    """Leave out of English numbers what the synthesizer does not say."""
    return [str(text).replace(",", "").replace(" and ", " ") for text in texts]


def print_head(ways: Sequence[Way]) -> None:
    """Print the paths and the head of a table."""
    print("\n" + "\n".join(f"{way.name}: {way.path}" for way in ways) + "\n")
    first, *others = (way.name for way in ways)
    columns = [first, *others, *(f"{first} / {other}" for other in others)]
    print(
        "| given | rows | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 2) + "|"
    )


def print_row(name: str, found: Sequence[Scores]) -> None:
    """Print what is right by each way, and by the first over each other."""
    bootstrap = Bootstrap()
    shown = [(each.mean(), bootstrap.mean(each)) for each in found]
    first, *others = found
    with np.errstate(all="ignore"):  # nothing is right by an untrained net
        shown += [(first.mean() / each.mean(), bootstrap.ratio(first, each)) for each in others]
    cells = [f"{value:.3f} [{at.low:.3f}, {at.high:.3f}]" if at else "" for value, at in shown]
    print(f"| {name} | {len(first)} | " + " | ".join(cells) + " |", flush=True)


def print_latencies(ways: Sequence[Way], values: Sequence[Content], repeats: int) -> None:
    """Time the ways in turns on single values, and print the median of each."""
    times: list[list[float]] = [[] for _ in ways]
    for number in range(repeats + 3):
        for found, way in zip(times, ways, strict=True):
            start = time.perf_counter()
            way.middleware.convert(values[number % len(values)], way.path)
            found.append((time.perf_counter() - start) * 1e3)
    medians = [statistics.median(found[3:]) for found in times]
    told = [f"{way.name} {median:.2f} ms" for way, median in zip(ways, medians, strict=True)]
    print(f"\none value: {', '.join(told)}", flush=True)


def compare_by_voice(
    ways: Sequence[Way], rows: Sequence[tuple[str, str]], repeats: int
) -> None:
    """Print what the ways make of numbers in every voice; rows are what is said and wanted."""
    print_head(ways)
    texts, wanted = [row[0] for row in rows], [row[1] for row in rows]
    unheard: list[list[Scores]] = []
    sounds: list[Content] = []
    for name, manner in _VOICES.items():
        sounds = list(EspeakSynthesizer(**manner)(texts))
        found = [right(plain(way.take(sounds)), plain(wanted)) for way in ways]
        print_row(name, found)
        if "held out" in name:
            unheard.append(found)
    print_row("all held out", [np.concatenate(each) for each in zip(*unheard, strict=True)])
    print_latencies(ways, sounds, repeats)


def german_ways(middleware: Middleware) -> list[Way]:
    """Find the ways from English speech to German text."""
    through = middleware.get_path(_SPEECH, _GERMAN, pieces=["EnSTT_to_text_latent"])
    pivot = middleware.get_path(_SPEECH, _GERMAN, pieces=["EnSTT", _ENGLISH, "EnDe"])
    return [Way("transcoder", middleware, through), Way("pivot", middleware, pivot)]


@contextlib.contextmanager
def direct_way(onnx: Path) -> Iterator[Way]:
    """Register the direct net where it is the only one for its task, and find its way."""
    with tempfile.TemporaryDirectory() as folder:
        middleware = Middleware.open(folder, create=True)
        middleware.apply(_WORLD / "world.yaml")
        middleware.register_model("direct", "spectrogram<EnSTT>", "logits<EnDe_de>", onnx)
        path = middleware.get_path(_SPEECH, _GERMAN, pieces=["direct"])
        yield Way("direct net", middleware, path)
        middleware.close()


def speaking_ways(middleware: Middleware) -> list[Way]:
    """Find the ways from English text to what the recogniser hears of its sound."""
    ends = (_ENGLISH, _SPEECH)
    other = middleware.get_path(*ends, pieces=["EnDe", "text_latent_to_EnTTS", "EnTTS"])
    own = middleware.get_path(*ends, pieces=["EnTTS.tokenizer", "EnTTS"])
    hear = middleware.get_path(_SPEECH, _ENGLISH, pieces=["EnSTT"])
    names = ("other encoder", "own encoder")
    return [
        Way(name, middleware, path.then(hear))
        for name, path in zip(names, (other, own), strict=True)
    ]


def voice_ways(middleware: Middleware) -> list[Way]:
    """Find the ways from English speech to what the recogniser hears of it in another voice."""
    through = middleware.get_path(_SPEECH, "{EnTTS}", pieces=["EnSTT_to_EnTTS"])
    through = through.then(middleware.get_path("{EnTTS}", _SPEECH, pieces=["EnTTS"]))
    hear = middleware.get_path(_SPEECH, _ENGLISH, pieces=["EnSTT"])
    speak = middleware.get_path(_ENGLISH, _SPEECH, pieces=["EnTTS.tokenizer", "EnTTS"])
    return [
        Way("transcoder", middleware, through.then(hear)),
        Way("pivot", middleware, hear.then(speak).then(hear)),
    ]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", default="registry", help="folder (%(default)s)")
    parser.add_argument("--direct", type=Path, help="what make_direct_net.py wrote")
    parser.add_argument("--every", type=int, default=1, help="take every Nth test row")
    parser.add_argument(
        "--spoken-every", type=int, default=6, help="the same where sound is made (%(default)s)"
    )
    parser.add_argument("--repeats", type=int, default=50, help="values to time")
    return parser.parse_args()


def compare(middleware: Middleware, asked: argparse.Namespace) -> None:
    """Print all tables."""
    words = test_words()
    to_german = german_ways(middleware)
    to_speech, to_voice = speaking_ways(middleware), voice_ways(middleware)
    print("\nEnglish speech to German text")
    with contextlib.ExitStack() as stack:
        if asked.direct:
            to_german.append(stack.enter_context(direct_way(asked.direct)))
        compare_by_voice(to_german, words[:: asked.every], asked.repeats)
    english = [row[0] for row in words[:: asked.spoken_every]]
    print("\nEnglish text to speech, heard")
    print_head(to_speech)
    print_row("text", [right(plain(way.take(english)), plain(english)) for way in to_speech])
    print_latencies(to_speech, english, asked.repeats)
    print("\nEnglish speech to English speech in the synthesizer's voice, heard")
    compare_by_voice(to_voice, [(text, text) for text in english], asked.repeats)


def main() -> None:
    """Compare what the command line asks for."""
    asked = arguments()
    try:
        middleware = Middleware.open(asked.registry)
        compare(middleware, asked)
    except TranscoderError as error:
        sys.exit(f"error: {error}; first run what the head of this file says")


if __name__ == "__main__":
    main()
