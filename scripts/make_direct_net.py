"""Trains one net from English speech to German text, which the headline benchmark compares.

Run:  python scripts/make_direct_net.py

It has the encoder of the recogniser and the decoder of the translator, starts from random
weights, and learns from the very sounds that `recipe=speech_latent_text_latent` learns from:
each training number in the world's own voice and in one of its crowd, with its German words.
Validation numbers choose the checkpoint.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

import numbers_data as data
from numbers_export import HALVES, export_hearing
from numbers_hearing import HEARING_DIM, fit_hearing, guided
from numbers_networks import HearingEncoder, TextDecoder
from numbers_training import Autoencoder, Schedule
from numbers_voices import Utterances, speak_twice
from transcoder.interchange import splice
from transcoder.vocabulary import Split

_FILE = Path("runs") / "direct.onnx"
DIRECT = Schedule(steps=3_500, batch=48, peak=3e-3, seed=4, checks=14)


def make_direct(
    learn: Utterances, choose: Utterances, german: NDArray[np.int64]
) -> Autoencoder:
    """Fit one net to the German words of spoken English numbers.

    Args:
        learn: What to learn from.
        choose: What the checkpoint is chosen by.
        german: The characters of each number, (row, position).
    """
    torch.manual_seed(DIRECT.seed)  # noqa: TID251 # an entry point's seed, like train.py's
    network = build_direct()
    fit_hearing(network, german, learn, choose, DIRECT)
    return network


def build_direct() -> Autoencoder:
    """Make the net with random weights."""
    symbols = len(data.GERMAN_ALPHABET) + 1
    encoder = HearingEncoder(bands=data.BANDS, dim=HEARING_DIM)
    decoder = TextDecoder(dim=HEARING_DIM, positions=data.POSITIONS, symbols=symbols)
    return guided(encoder, decoder)


def write(network: Autoencoder, path: Path) -> None:
    """Write both halves as one ONNX file."""
    with TemporaryDirectory() as folder:
        export_hearing(network, "direct", Path(folder))
        encoder, decoder = (
            (Path(folder) / f"direct.{half}.onnx").read_bytes() for half in HALVES
        )
    path.write_bytes(splice(encoder, decoder))


def main() -> None:
    """Train and write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=_FILE, help="file to write (%(default)s)")
    asked = parser.parse_args()
    asked.to.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # the order of sums, and so the weights, depend on it
    torch.use_deterministic_algorithms(mode=True)
    words = data.make_words()
    learn, choose = (
        speak_twice(words, data.rows_of(split)) for split in (Split.TRAIN, Split.VALIDATION)
    )
    write(make_direct(learn, choose, data.german_symbols(words)), asked.to)


if __name__ == "__main__":
    main()
