"""Text to speech by eSpeak NG, in a process of its own."""

import subprocess
import sys
import weakref
from collections.abc import Sequence
from importlib.util import find_spec
from threading import Lock, Timer
from typing import final

import numpy as np

from transcoder.errors import MissingExtraError, OracleError
from transcoder.oracles._espeak_pipe import exchange
from transcoder.vocabulary import Waveform

_ATTEMPTS = 2


@final
class EspeakSynthesizer:
    """Speak text with a voice of eSpeak NG; equal text gives equal samples.

    The library is under the GPL and keeps global state, so it is loaded by one worker process
    per synthesizer and never by this one. The worker starts with the first text, is started
    anew once if it dies, and ends with the synthesizer. It needs a POSIX system.

    Args:
        voice: eSpeak's name of the voice, such as "en-us" or "de", and with "+" its name of a
            variant, such as "en-us+f3".
        rate_wpm: Words per minute.
        pitch: Height of the voice, 0 to 99.
        limit_s: Seconds after which one utterance is given up.
    """

    def __init__(
        self, *, voice: str, rate_wpm: int = 175, pitch: int = 50, limit_s: float = 20.0
    ) -> None:
        self.voice = voice
        self.rate_wpm = rate_wpm
        self.pitch = pitch
        self.limit_s = limit_s
        self._lock = Lock()  # one question at a time through the worker's pipes
        self._worker: _Worker | None = None

    def __call__(self, values: Sequence[str]) -> list[Waveform]:
        """Give the sound of each text, at eSpeak's own 22,050 Hz."""
        if find_spec("espeakng_loader") is None:
            raise MissingExtraError("EspeakSynthesizer", "espeakng-loader", "espeak")
        with self._lock:
            return [self._spoken(text, row) for row, text in enumerate(values)]

    def _spoken(self, text: str, row: int) -> Waveform:
        for _ in range(_ATTEMPTS):
            try:
                return self._asked(text)
            except _WorkerDiedError:
                continue
            except _RefusedError as error:
                raise OracleError(type(self).__name__, row, str(error)) from error
        reason = f"the worker died or took over {self.limit_s} s, twice, at {text!r}"
        raise OracleError(type(self).__name__, row, reason)

    def _asked(self, text: str) -> Waveform:
        if self._worker is None:
            settings = {"voice": self.voice, "rate_wpm": self.rate_wpm, "pitch": self.pitch}
            self._worker = _Worker(settings, self.limit_s)
        try:
            return self._worker.speak(text)
        except _WorkerDiedError:
            self._worker = None
            raise


class _WorkerDiedError(Exception):
    """The worker closed its end before it had answered."""


class _RefusedError(Exception):
    """The worker answered that it cannot."""


@final
class _Worker:
    """The process, and the pipes to and from it."""

    def __init__(self, settings: dict[str, object], limit_s: float) -> None:
        command = [sys.executable, "-m", "transcoder.oracles._espeak_worker"]
        process = subprocess.Popen(  # noqa: S603 # our own module, by the running interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._process = process
        self._limit_s = limit_s
        self._end = weakref.finalize(self, _end, process)
        self._rate_hz = int(str(self._exchange(settings)[0]["rate_hz"]))

    def speak(self, text: str) -> Waveform:
        """Have one text spoken."""
        _, samples = self._exchange({"text": text})
        loudness = np.frombuffer(samples, dtype="<i2").astype(np.float32)
        return Waveform(loudness / np.float32(32_768), self._rate_hz)

    def _exchange(self, message: dict[str, object]) -> tuple[dict[str, object], bytes]:
        timer = Timer(self._limit_s, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            answer, body = exchange(self._process, message)
        except (EOFError, OSError, ValueError) as error:
            self._end()
            raise _WorkerDiedError from error
        finally:
            timer.cancel()
        if "error" in answer:
            self._end()
            raise _RefusedError(answer["error"])
        return answer, body


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue
    process.wait()
