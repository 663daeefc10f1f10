import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transcoder.errors import MissingExtraError, OracleError
from transcoder.oracles import EspeakCrowd, EspeakSynthesizer

_PROCESSES = Path("/proc")
_NEEDS_PROC = pytest.mark.skipif(not _PROCESSES.is_dir(), reason="reads /proc")


@pytest.fixture(scope="module")
def voice() -> Iterator[EspeakSynthesizer]:
    synthesizer = EspeakSynthesizer(voice="en-us")
    yield synthesizer
    del synthesizer
    gc.collect()


def _workers() -> set[int]:
    """List the processes that this one started and that still run."""
    mine = set()
    for entry in _PROCESSES.glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            mine.add(int(entry.parent.name))
    return mine


def test_text_becomes_sound_of_its_length(voice: EspeakSynthesizer) -> None:
    short, long = voice(["one", "one hundred twenty one"])
    assert short.rate_hz == long.rate_hz == 22_050
    assert 0.2 < len(short.samples) / 22_050 < 0.8 < len(long.samples) / 22_050 < 2.5
    assert 0.2 < np.abs(short.samples).max() <= 1.0


def test_equal_text_gives_equal_samples_whatever_came_before(voice: EspeakSynthesizer) -> None:
    first, _, second = voice(["seven", "a longer sentence", "seven"])
    (fresh,) = EspeakSynthesizer(voice="en-us")(["seven"])
    np.testing.assert_array_equal(first.samples, second.samples)
    np.testing.assert_array_equal(first.samples, fresh.samples)


def test_a_faster_voice_is_shorter(voice: EspeakSynthesizer) -> None:
    (slow,) = voice(["seven hundred"])
    (fast,) = EspeakSynthesizer(voice="en-us", rate_wpm=300)(["seven hundred"])
    assert len(fast.samples) < len(slow.samples)


@_NEEDS_PROC
def test_this_process_never_loads_the_library(voice: EspeakSynthesizer) -> None:
    voice(["one"])
    assert "libespeak" not in (_PROCESSES / "self" / "maps").read_text()


@_NEEDS_PROC
def test_a_worker_that_died_is_started_anew() -> None:
    synthesizer = EspeakSynthesizer(voice="en-us")
    before = _workers()
    (first,) = synthesizer(["seven"])
    (worker,) = _workers() - before
    os.kill(worker, 9)
    (second,) = synthesizer(["seven"])
    np.testing.assert_array_equal(first.samples, second.samples)


@_NEEDS_PROC
@_NEEDS_PROC
def test_ctrl_c_is_left_to_the_process_that_asks() -> None:
    before = _workers()
    synthesizer = EspeakSynthesizer(voice="en-us")
    synthesizer(["one"])
    (worker,) = _workers() - before
    os.kill(worker, signal.SIGINT)
    time.sleep(0.2)
    synthesizer(["two"])
    assert _workers() - before == {worker}


def test_the_worker_ends_with_its_synthesizer() -> None:
    synthesizer = EspeakSynthesizer(voice="en-us")
    before = _workers()
    synthesizer(["seven"])
    (worker,) = _workers() - before
    del synthesizer
    gc.collect()
    assert worker not in _workers()


def test_an_unknown_voice_is_named() -> None:
    with pytest.raises(OracleError, match="eSpeak NG has no voice 'xx-nobody'"):
        EspeakSynthesizer(voice="xx-nobody")(["one"])


def test_a_variant_and_a_pitch_sound_otherwise(voice: EspeakSynthesizer) -> None:
    (plain,) = voice(["seven"])
    for other in ({"voice": "en-us+f3"}, {"voice": "en-us", "pitch": 70}):
        (sound,) = EspeakSynthesizer(**other)(["seven"])
        assert not np.array_equal(sound.samples, plain.samples)


def test_an_unknown_variant_is_named_with_some_known_ones() -> None:
    with pytest.raises(OracleError, match=r"no variant 'zzz' of voices, as 'en-us\+zzz' asks"):
        EspeakSynthesizer(voice="en-us+zzz")(["one"])


def test_an_utterance_that_takes_too_long_is_given_up() -> None:
    started = time.monotonic()
    with pytest.raises(OracleError, match=r"died or took over 0\.01 s, twice, at 'one'"):
        EspeakSynthesizer(voice="en-us", limit_s=0.01)(["one"])
    assert time.monotonic() - started < 10


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'transcoder\[espeak\]'"):
        EspeakSynthesizer(voice="en-us")(["one"])


CROWD: list[dict[str, Any]] = [
    {"voice": "en-us", "rate_wpm": 180, "pitch": 50},
    {"voice": "en-us+f3", "rate_wpm": 195, "pitch": 55},
    {"voice": "en-029", "rate_wpm": 210, "pitch": 40},
]


def test_every_text_of_a_crowd_is_spoken_by_one_of_its_voices() -> None:
    texts = [f"number {number}" for number in range(6)]
    crowd = EspeakCrowd(voices=CROWD)(texts)
    alone = [EspeakSynthesizer(**manner)(texts) for manner in CROWD]
    speakers = [
        [
            place
            for place, sounds in enumerate(alone)
            if np.array_equal(sounds[row].samples, spoken.samples)
        ]
        for row, spoken in enumerate(crowd)
    ]
    assert all(len(each) == 1 for each in speakers)
    assert len({each[0] for each in speakers}) > 1


def test_a_crowd_with_another_salt_draws_anew_and_equal_text_alike() -> None:
    texts = ["four", "five", "six", "seven", "four"]
    first, other = (EspeakCrowd(voices=CROWD, salt=salt)(texts) for salt in ("", "again"))
    np.testing.assert_array_equal(first[0].samples, first[-1].samples)
    assert any(
        not np.array_equal(a.samples, b.samples) for a, b in zip(first, other, strict=True)
    )


def test_an_unknown_voice_of_a_crowd_is_named() -> None:
    unknown: list[dict[str, Any]] = [CROWD[0], {"voice": "xx-nobody"}]
    with pytest.raises(OracleError, match="eSpeak NG has no voice 'xx-nobody'"):
        EspeakCrowd(voices=unknown)([str(number) for number in range(20)])
