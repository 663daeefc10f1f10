import sys

import numpy as np
import pytest

from transcoder.errors import MissingExtraError, OracleError
from transcoder.oracles import GriffinLim, LogMelSpectrogram
from transcoder.vocabulary import Waveform

_RATE_HZ = 22_050


def _tone(seconds: float, hertz: float = 440.0) -> Waveform:
    time = np.arange(int(seconds * _RATE_HZ)) / _RATE_HZ
    return Waveform((0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32), _RATE_HZ)


def _spectrogram(sound: Waveform) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    (row,) = LogMelSpectrogram(frames=40)([sound])
    frames: np.ndarray[tuple[int, int], np.dtype[np.float32]] = row["frames"].astype(np.float32)
    return frames


def test_every_sound_gives_as_many_frames() -> None:
    assert _spectrogram(_tone(0.2)).shape == _spectrogram(_tone(0.4)).shape == (40, 48)


def test_silence_and_padding_are_zero() -> None:
    frames = _spectrogram(_tone(0.2))
    assert not frames[20:].any()
    assert not _spectrogram(Waveform(np.zeros(4_000, np.float32), _RATE_HZ)).any()


def test_a_louder_sound_shows_larger_values() -> None:
    loud, quiet = _tone(0.2), _tone(0.2)
    quiet = Waveform(quiet.samples / np.float32(10.0), _RATE_HZ)
    assert _spectrogram(loud).max() > _spectrogram(quiet).max() + 0.2


def test_silence_behind_the_last_frame_is_cut() -> None:
    tail = np.zeros(20_000, np.float32)
    longer = Waveform(np.concatenate([_tone(0.2).samples, tail]), _RATE_HZ)
    np.testing.assert_allclose(_spectrogram(longer), _spectrogram(_tone(0.2)), atol=1e-5)


def test_sound_behind_the_last_frame_is_refused() -> None:
    with pytest.raises(OracleError, match="needs more than 40 frames of 400 samples"):
        _spectrogram(_tone(1.0))


def test_another_rate_is_refused() -> None:
    sound = Waveform(np.zeros(100, np.float32), 16_000)
    with pytest.raises(OracleError, match="has 16000 Hz but 22050 Hz are wanted"):
        _spectrogram(sound)


def test_griffin_lim_brings_back_length_and_pitch() -> None:
    (sound,) = GriffinLim()([{"frames": _spectrogram(_tone(0.4))}])
    assert len(sound.samples) / _RATE_HZ == pytest.approx(0.4, abs=0.05)
    strength = np.abs(np.fft.rfft(sound.samples))
    assert strength.argmax() * _RATE_HZ / len(sound.samples) == pytest.approx(440.0, rel=0.1)


def test_griffin_lim_comes_near_the_frames_it_was_given() -> None:
    tones = [_tone(0.4, 150.0 * step).samples / step for step in range(1, 40)]
    chord = np.asarray(np.sum(tones, axis=0) / 3.0, dtype=np.float32)
    frames = _spectrogram(Waveform(chord, _RATE_HZ))
    (sound,) = GriffinLim()([{"frames": frames}])
    assert np.abs(_spectrogram(sound) - frames).mean() < 0.25 * np.abs(frames).mean()


def test_griffin_lim_repeats_itself() -> None:
    frames = _spectrogram(_tone(0.2))
    once, again = GriffinLim()([{"frames": frames}, {"frames": frames}])
    np.testing.assert_array_equal(once.samples, again.samples)


def test_griffin_lim_of_silence_has_no_samples() -> None:
    (sound,) = GriffinLim()([{"frames": np.zeros((40, 48), np.float32)}])
    assert sound.samples.size == 0


def test_frames_of_other_bands_are_refused() -> None:
    with pytest.raises(OracleError, match=r"the shape \(40, 9\) but \(frame, 48\) is wanted"):
        GriffinLim()([{"frames": np.zeros((40, 9), np.float32)}])


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'transcoder\[speech\]'"):
        _spectrogram(_tone(0.1))
