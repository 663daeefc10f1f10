import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import yaml
from numpy.typing import NDArray

from transcoder.oracles import (
    CharacterTokenizer,
    EspeakSynthesizer,
    GreedyDecoder,
    GriffinLim,
    LogMelSpectrogram,
    NumberWords,
)
from transcoder.vocabulary import Split, SplitShares, split_of

_ROOT = Path(__file__).parents[1]
_FOLDER = _ROOT / "recipes" / "worlds" / "numbers"
_SHARES = SplitShares(salt="numbers")
_TEST_ROWS = [n for n in range(10_000) if split_of(str(n), _SHARES) is Split.TEST]

_TOKENIZER = CharacterTokenizer(
    alphabet=" adefghilnorstuvwxyz", spaced="-", dropped=",", dropped_words=["and"]
)
_ENGLISH = GreedyDecoder(alphabet=" ,-adefghilnorstuvwxyz")
_GERMAN = GreedyDecoder(alphabet="abcdefghilnrstuvwzßöü")


@cache
def _session(name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(_FOLDER / name)


def _tokens(texts: Sequence[str]) -> NDArray[np.int64]:
    rows = [tensors["tokens"].astype(np.int64) for tensors in _TOKENIZER(texts)]
    longest = max(len(row) for row in rows)
    return np.stack([np.pad(row, (0, longest - len(row))) for row in rows])


def _run(model: str, numbers: Sequence[int]) -> NDArray[np.float32]:
    tokens = _tokens(NumberWords(language="en")(numbers))
    (hidden,) = _session(f"{model}.encoder.onnx").run(None, {"tokens": tokens})
    made: NDArray[np.float32] = _session(f"{model}.decoder.onnx").run(None, {"hidden": hidden})[
        0
    ]
    return made


def _share_of_right_german(numbers: Sequence[int]) -> float:
    texts = _GERMAN([{"logits": logits} for logits in _run("EnDe", numbers)])
    wanted = NumberWords(language="de")(numbers)
    return float(np.mean([made == true for made, true in zip(texts, wanted, strict=True)]))


def _share_of_nearest_own_sound(numbers: Sequence[int]) -> float:
    words = [_TOKENIZER.normalized(text) for text in NumberWords(language="en")(numbers)]
    sounds = EspeakSynthesizer(voice="en-us", rate_wpm=180)(words)
    spectrograms = LogMelSpectrogram(frames=144)(sounds)
    true = np.stack([row["frames"].astype(np.float32).ravel() for row in spectrograms])
    made = _run("EnTTS", numbers).reshape(len(numbers), -1)
    distances = np.square(true).sum(axis=1) - 2.0 * made @ true.T
    return float(np.mean(distances.argmin(axis=1) == np.arange(len(numbers))))


def _stated(path: Path) -> dict[str, tuple[float, float]]:
    """Read the first table of a QUALITY.md: digits to the shares of EnTTS and of EnDe."""
    table = path.read_text(encoding="utf-8").split("\n## ")[1]
    row = r"^\| (\w+) \| \d+ \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \|$"
    rows = re.findall(row, table, re.MULTILINE)
    return {digits: (float(speech), float(text)) for digits, speech, text in rows}


def test_the_table_of_words_is_what_the_oracle_says() -> None:
    lines = (_FOLDER / "numbers.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "number,digits,english,german"
    assert len(lines) == 10_001
    assert lines[22] == "21,2,twenty-one,einundzwanzig"
    assert lines[-1].endswith(NumberWords(language="de")([9_999])[0])


def test_the_stated_quality_is_what_the_world_needs() -> None:
    speech, text = _stated(_FOLDER / "QUALITY.md")["all"]
    assert speech >= 0.97
    assert text >= 0.995


def test_the_translator_is_as_good_on_test_rows_as_stated() -> None:
    stated = _stated(_FOLDER / "QUALITY.md")["all"][1]
    assert _share_of_right_german(_TEST_ROWS) == pytest.approx(stated, abs=0.002)


def test_the_translator_knows_every_number_below_a_hundred() -> None:
    assert _share_of_right_german(range(100)) == 1.0


def test_the_synthesiser_is_as_good_on_a_sample_of_test_rows_as_stated() -> None:
    stated = _stated(_FOLDER / "QUALITY.md")["all"][0]
    assert _share_of_nearest_own_sound(_TEST_ROWS[::8]) >= stated - 0.02


def _share_of_rightly_heard(numbers: Sequence[int], voice: EspeakSynthesizer) -> float:
    words = NumberWords(language="en")(numbers)
    frames = np.stack([row["frames"] for row in LogMelSpectrogram(frames=256)(voice(words))])
    (hidden,) = _session("EnSTT.encoder.onnx").run(None, {"frames": frames})
    (logits,) = _session("EnSTT.decoder.onnx").run(None, {"hidden": hidden})
    texts = _ENGLISH([{"logits": row} for row in logits])
    return float(np.mean([made == true for made, true in zip(texts, words, strict=True)]))


def _heard(path: Path) -> dict[str, tuple[float, float]]:
    """Read the table of EnSTT: who speaks to the shares right of test rows and below 100."""
    row = r"^\| ([^|]+) \| \d* ?\| \d* ?\| \d+ \| ([\d.]+) \| ([\d.]+) \|$"
    table = path.read_text(encoding="utf-8").split("## EnSTT")[1]
    rows = re.findall(row, table, re.MULTILINE)
    return {voice: (float(test), float(small)) for voice, test, small in rows}


def test_the_recogniser_is_stated_to_know_unseen_numbers_in_unheard_voices() -> None:
    stated = _heard(_FOLDER / "QUALITY.md")
    assert set(stated) >= {"en-us", "en-us+f2, held out", "all held out"}
    assert min(stated["all held out"]) >= 0.95
    assert min(stated["en-us"]) >= 0.95


@pytest.mark.parametrize(
    ("voice", "rate_wpm", "pitch"), [("en-us+f2", 168, 58), ("en-gb-scotland+m4", 158, 52)]
)
def test_the_recogniser_is_as_good_on_a_sample_as_stated(
    voice: str, rate_wpm: int, pitch: int
) -> None:
    stated = _heard(_FOLDER / "QUALITY.md")[f"{voice}, held out"]
    speaker = EspeakSynthesizer(voice=voice, rate_wpm=rate_wpm, pitch=pitch)
    assert _share_of_rightly_heard(_TEST_ROWS[::15], speaker) >= stated[0] - 0.06
    assert _share_of_rightly_heard(range(0, 100, 2), speaker) >= stated[1] - 0.06


def test_the_crowd_of_the_world_is_whom_the_recogniser_has_learnt_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(_ROOT / "scripts")
    learnt = import_module("numbers_voices").LEARNT
    world = yaml.safe_load((_FOLDER / "world.yaml").read_text(encoding="utf-8"))
    crowd = world["oracles"]["espeak_en_crowd"]["parameters"]["voices"]
    assert crowd == [asdict(setting) for setting in learnt]


@pytest.mark.parametrize("model", ["EnTTS", "EnDe"])
def test_padding_and_company_change_no_latent(model: str) -> None:
    encoder = _session(f"{model}.encoder.onnx")
    tokens = _tokens(["seven", "nine thousand nine hundred ninety nine"])
    (together,) = encoder.run(None, {"tokens": tokens})
    (padded,) = encoder.run(None, {"tokens": np.pad(tokens, ((0, 0), (0, 50)))})
    (alone,) = encoder.run(None, {"tokens": tokens[:1, : len("seven")]})
    np.testing.assert_allclose(padded, together, atol=1e-5)
    np.testing.assert_allclose(alone, together[:1], atol=1e-5)


def test_the_sound_of_a_predicted_number_has_its_length_and_strength() -> None:
    (true,) = EspeakSynthesizer(voice="en-us", rate_wpm=180)(["seven"])
    (made,) = GriffinLim()([{"frames": _run("EnTTS", [7])[0]}])
    assert len(made.samples) == pytest.approx(len(true.samples), rel=0.15)
    strength = [np.sqrt(np.mean(np.square(sound.samples))) for sound in (made, true)]
    assert strength[0] == pytest.approx(strength[1], rel=0.4)


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in _FOLDER.iterdir()) < 12e6


@pytest.mark.slow
def test_the_script_makes_networks_of_the_stated_quality_anew(tmp_path: Path) -> None:
    script = _ROOT / "scripts" / "make_numbers_world.py"
    subprocess.run([sys.executable, script, "--to", tmp_path], check=True)
    stated, made = _stated(_FOLDER / "QUALITY.md"), _stated(tmp_path / "QUALITY.md")
    assert made["all"] == pytest.approx(stated["all"], abs=0.01)
    stated, made = _heard(_FOLDER / "QUALITY.md"), _heard(tmp_path / "QUALITY.md")
    assert made["all held out"] == pytest.approx(stated["all held out"], abs=0.02)
    words = "numbers.csv"
    assert (tmp_path / words).read_bytes() == (_FOLDER / words).read_bytes()


@pytest.mark.slow
def test_the_direct_net_is_one_file_that_hears_any_count_of_sounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(_ROOT / "scripts")
    direct = import_module("make_direct_net")
    direct.write(direct.build_direct(), tmp_path / "direct.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "direct.onnx")
    frames = np.random.default_rng(0).random((3, 256, 48), dtype=np.float32)
    (together,) = session.run(None, {"frames": frames})
    (alone,) = session.run(None, {"frames": frames[1:2]})
    assert together.shape == (3, 48, 22)
    np.testing.assert_allclose(alone, together[1:2], atol=1e-5)
