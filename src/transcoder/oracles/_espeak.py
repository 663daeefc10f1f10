"""Text to speech by eSpeak NG, in a process of its own."""

import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.util import find_spec
from threading import Lock, Timer
from typing import Any, final

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
        self._manner = _Manner(voice, rate_wpm, pitch)
        self._speaker = _Speaker(type(self).__name__, limit_s)

    def __call__(self, values: Sequence[str]) -> list[Waveform]:
        """Give the sound of each text, at eSpeak's own 22,050 Hz."""
        return self._speaker.speak([(text, self._manner) for text in values])


@final
class EspeakCrowd:
    """Speak each text in one of several manners of eSpeak NG, which the text itself draws.

    A network that learns from a crowd does not learn one voice by heart. Equal text is always
    spoken alike; another salt draws anew.

    Args:
        voices: At least one manner each: `voice`, `rate_wpm`, `pitch`, as `EspeakSynthesizer`
            takes them.
        salt: What the draw also depends on.
        limit_s: Seconds after which one utterance is given up.

    Raises:
        ValueError: If there is no voice.
    """

    def __init__(
        self,
        *,
        voices: Sequence[Mapping[str, Any]],
        salt: str = "",
        limit_s: float = 20.0,
    ) -> None:
        if not voices:
            message = "a crowd needs one voice at least"
            raise ValueError(message)
        self._manners = [_Manner(**each) for each in voices]
        self._salt = salt
        self._speaker = _Speaker(type(self).__name__, limit_s)

    def __call__(self, values: Sequence[str]) -> list[Waveform]:
        """Give the sound of each text, at eSpeak's own 22,050 Hz."""
        return self._speaker.speak([(text, self._drawn(text)) for text in values])

    def _drawn(self, text: str) -> "_Manner":
        drawn = sha256(f"{self._salt}\0{text}".encode()).digest()
        return self._manners[int.from_bytes(drawn[:8]) % len(self._manners)]


@dataclass(frozen=True, slots=True)
class _Manner:
    voice: str
    rate_wpm: int = 175
    pitch: int = 50


@final
class _Speaker:
    """Asks a worker, one question at a time through its pipes, and starts it where it lacks."""

    def __init__(self, name: str, limit_s: float) -> None:
        self._name = name
        self._limit_s = limit_s
        self._lock = Lock()
        self._worker: _Worker | None = None

    def speak(self, wanted: Sequence[tuple[str, _Manner]]) -> list[Waveform]:
        if find_spec("espeakng_loader") is None:
            raise MissingExtraError(self._name, "espeakng-loader", "espeak")
        with self._lock:
            return [
                self._spoken(text, manner, row) for row, (text, manner) in enumerate(wanted)
            ]

    def _spoken(self, text: str, manner: _Manner, row: int) -> Waveform:
        for _ in range(_ATTEMPTS):
            try:
                return self._asked(text, manner)
            except _WorkerDiedError:
                continue
            except _RefusedError as error:
                raise OracleError(self._name, row, str(error)) from error
        reason = f"the worker died or took over {self._limit_s} s, twice, at {text!r}"
        raise OracleError(self._name, row, reason)

    def _asked(self, text: str, manner: _Manner) -> Waveform:
        if self._worker is None:
            self._worker = _Worker(manner, self._limit_s)
        try:
            return self._worker.speak(text, manner)
        except (_WorkerDiedError, _RefusedError):
            self._worker = None
            raise


class _WorkerDiedError(Exception):
    """The worker closed its end before it had answered."""


class _RefusedError(Exception):
    """The worker answered that it cannot."""


@final
class _Worker:
    """The process, and the pipes to and from it."""

    def __init__(self, manner: _Manner, limit_s: float) -> None:
        command = [sys.executable, "-m", "transcoder.oracles._espeak_worker"]
        process = subprocess.Popen(  # noqa: S603 # our own module, by the running interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._process = process
        self._limit_s = limit_s
        self._end = weakref.finalize(self, _end, process)
        self._rate_hz = int(str(self._exchange(asdict(manner))[0]["rate_hz"]))

    def speak(self, text: str, manner: _Manner) -> Waveform:
        """Have one text spoken."""
        _, samples = self._exchange({"text": text, **asdict(manner)})
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
