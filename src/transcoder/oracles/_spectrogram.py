"""Sound to log-mel frames, and back by Griffin and Lim's algorithm.

Both scale alike: 0 is silence, which is also what padding looks like, and 1 is loud:
``log(max(mel, floor) / floor) / log(ceiling / floor)``.
"""

from collections.abc import Sequence
from math import log
from types import ModuleType
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import MissingExtraError, OracleError
from transcoder.vocabulary import Tensors, Waveform

_SILENCE = 0.05  # frames whose mean stays below this carry no sound worth inverting


@final
class LogMelSpectrogram:
    """Show how loud each band of the mel scale is, frame by frame.

    Args:
        frames: Frames of every spectrogram; shorter sounds end in zeros.
        rate_hz: Samples per second that the sound must have.
        fft_size: Samples under one window.
        hop: Samples from one frame to the next.
        bands: Bands on the mel scale.
        floor: Magnitude of a band at or below which it counts as silent.
        ceiling: Magnitude of a band that is shown as 1.
    """

    def __init__(  # noqa: PLR0913 # settings of one transform, flat because they are JSON
        self,
        *,
        frames: int,
        rate_hz: int = 22_050,
        fft_size: int = 1024,
        hop: int = 400,
        bands: int = 48,
        floor: float = 2e-3,
        ceiling: float = 2.0,
    ) -> None:
        self.frames = frames
        self.rate_hz = rate_hz
        self.fft_size = fft_size
        self.hop = hop
        self.bands = bands
        self.floor = floor
        self.ceiling = ceiling

    def __call__(self, values: Sequence[Waveform]) -> list[Tensors]:
        """Give each sound's "frames", float32 (frame, band)."""
        librosa = _librosa(type(self).__name__)
        return [
            {"frames": self._frames(librosa, sound, row)} for row, sound in enumerate(values)
        ]

    def _frames(self, librosa: ModuleType, sound: Waveform, row: int) -> NDArray[np.float32]:
        if sound.rate_hz != self.rate_hz:
            reason = f"the sound has {sound.rate_hz} Hz but {self.rate_hz} Hz are wanted"
            raise OracleError(type(self).__name__, row, reason)
        silence = max(0, self.frames * self.hop - len(sound.samples))
        mel = librosa.feature.melspectrogram(
            y=np.pad(sound.samples, (0, silence)),
            sr=self.rate_hz,
            n_fft=self.fft_size,
            hop_length=self.hop,
            n_mels=self.bands,
            power=1.0,
        )
        loudness = np.log(np.maximum(mel.T, self.floor) / self.floor)
        shown = (loudness / log(self.ceiling / self.floor)).astype(np.float32)
        if shown[self.frames :].any():
            reason = f"the sound needs more than {self.frames} frames of {self.hop} samples"
            raise OracleError(type(self).__name__, row, reason)
        padded = np.zeros((self.frames, self.bands), dtype=np.float32)
        padded[: len(shown)] = shown[: self.frames]
        return padded


@final
class GriffinLim:
    """Make sound whose spectrogram comes near the given frames; silence at the end is cut.

    Args:
        rate_hz: Samples per second of the sound to make.
        fft_size: Samples under one window.
        hop: Samples from one frame to the next.
        bands: Bands on the mel scale.
        floor: Magnitude of a band that is shown as 0.
        ceiling: Magnitude of a band that is shown as 1.
        rounds: How often the phases are improved.
        seed: What the first phases are drawn from, so that a repeat gives the same sound.
    """

    def __init__(  # noqa: PLR0913 # settings of one transform, flat because they are JSON
        self,
        *,
        rate_hz: int = 22_050,
        fft_size: int = 1024,
        hop: int = 400,
        bands: int = 48,
        floor: float = 2e-3,
        ceiling: float = 2.0,
        rounds: int = 32,
        seed: int = 0,
    ) -> None:
        self.rate_hz = rate_hz
        self.fft_size = fft_size
        self.hop = hop
        self.bands = bands
        self.floor = floor
        self.ceiling = ceiling
        self.rounds = rounds
        self.seed = seed
        self._inverse: NDArray[np.float32] | None = None

    def __call__(self, values: Sequence[Tensors]) -> list[Waveform]:
        """Give the sound of each row's "frames", float32 (frame, band)."""
        librosa = _librosa(type(self).__name__)
        return [self._sound(librosa, tensors, row) for row, tensors in enumerate(values)]

    def _sound(self, librosa: ModuleType, tensors: Tensors, row: int) -> Waveform:
        frames = np.asarray(tensors["frames"], dtype=np.float32)
        if frames.shape[1:] != (self.bands,):
            reason = f"frames have the shape {frames.shape} but (frame, {self.bands}) is wanted"
            raise OracleError(type(self).__name__, row, reason)
        loud = np.flatnonzero(frames.mean(axis=1) > _SILENCE)
        if not loud.size:
            return Waveform(np.zeros(0, dtype=np.float32), self.rate_hz)
        shown = np.clip(frames[: loud[-1] + 1], 0.0, None)
        mel = self.floor * (np.exp(shown.T * log(self.ceiling / self.floor)) - 1.0)
        magnitude = np.maximum(self._spread(librosa) @ mel, 0.0)
        samples = librosa.griffinlim(
            magnitude,
            n_iter=self.rounds,
            hop_length=self.hop,
            n_fft=self.fft_size,
            random_state=self.seed,
        )
        return Waveform(np.clip(samples, -1.0, 1.0).astype(np.float32), self.rate_hz)

    def _spread(self, librosa: ModuleType) -> NDArray[np.float32]:
        """Give what turns bands into the bins of a spectrum, by least squares (bin, band)."""
        if self._inverse is None:
            bank = librosa.filters.mel(sr=self.rate_hz, n_fft=self.fft_size, n_mels=self.bands)
            self._inverse = np.linalg.pinv(bank).astype(np.float32)
        return self._inverse


def _librosa(oracle: str) -> ModuleType:
    try:
        import librosa
    except ImportError as error:
        raise MissingExtraError(oracle, "librosa", "speech") from error
    module: ModuleType = librosa
    return module
