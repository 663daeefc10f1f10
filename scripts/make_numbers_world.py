"""Makes recipes/worlds/numbers: the words of 0 to 9999 and three small networks that use them.

EnTTS turns English number words into the spectrogram of speech, EnDe into German words, and
EnSTT hears spoken numbers and writes English words. All learn from the oracles of this package
alone. About 40 minutes on one quiet core.
"""

import argparse
from pathlib import Path

import torch

import numbers_data as data
from numbers_export import export, export_hearing
from numbers_hearing import make_hearing
from numbers_models import make_speech, make_text
from numbers_quality import write_quality

_FOLDER = Path(__file__).parents[1] / "recipes" / "worlds" / "numbers"
_PARTS = ("data", "EnTTS", "EnDe", "EnSTT", "quality")


def main() -> None:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=_PARTS, action="append", help="make this part alone")
    parser.add_argument(
        "--to", type=Path, default=_FOLDER, help="folder to write (%(default)s)"
    )
    options = parser.parse_args()
    parts, folder = options.only or _PARTS, options.to
    torch.set_num_threads(1)  # the order of sums, and so the weights, depend on it
    torch.use_deterministic_algorithms(mode=True)
    folder.mkdir(parents=True, exist_ok=True)
    words = data.make_words()
    if "data" in parts:
        data.write_words(words, folder / "numbers.csv")
    if "EnTTS" in parts:
        export(make_speech(words), "EnTTS", "frames", folder)
    if "EnDe" in parts:
        export(make_text(words), "EnDe", "logits", folder)
    if "EnSTT" in parts:
        export_hearing(make_hearing(words), "EnSTT", folder)
    if "quality" in parts:
        write_quality(words, folder)


if __name__ == "__main__":
    main()
