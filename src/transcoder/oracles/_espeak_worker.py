"""The process that holds the eSpeak NG library, so that no other process loads it.

Run as ``python -m transcoder.oracles._espeak_worker``. The first message in is
``{"voice", "rate_wpm", "pitch"}``, each later one has a ``"text"`` as well. The first message
out is ``{"rate_hz"}``, each later one ``{"samples"}`` followed by that many 16-bit samples
(little endian). Instead of any answer ``{"error"}`` may come.

eSpeak carries random numbers and phases of its filters from one utterance to the next. Each
utterance is therefore spoken by a fork of the process as it was before the first one: equal
text gives equal bytes, whatever was spoken before.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from transcoder.oracles._espeak_pipe import read_message, write_message

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: samples go to the callback, within the call
_RATE_PARAMETER, _PITCH_PARAMETER = 1, 3
_UTF8 = 1
_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class _Espeak:
    """One voice of the library."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        self._chunks: list[bytes] = []
        self._callback = _Callback(self._collect)
        data = Path(espeakng_loader.get_data_path())
        self._variants = data / "voices" / "!v"
        self._manner: Mapping[str, object] = {}
        self.rate_hz = int(
            self._library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data), 0)
        )
        if self.rate_hz <= 0:
            raise RuntimeError("the eSpeak NG library does not start")
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))
        self._library.espeak_SetSynthCallback(self._callback)
        self.take(settings)

    def take(self, settings: Mapping[str, object]) -> None:
        """Take a voice, a rate and a pitch, unless they are those it has."""
        manner = {name: settings[name] for name in ("voice", "rate_wpm", "pitch")}
        if manner == self._manner:
            return
        self._manner = manner
        voice = str(manner["voice"])
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"eSpeak NG has no voice {voice!r}")
        _check_variant(voice, self._variants)
        for parameter, name in ((_RATE_PARAMETER, "rate_wpm"), (_PITCH_PARAMETER, "pitch")):
            self._library.espeak_SetParameter(parameter, int(str(manner[name])), 0)

    def _collect(self, samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))  # type: ignore[arg-type] # ctypes hands over a pointer
        return 0

    def speak(self, text: str) -> bytes:
        """Give the 16-bit samples of one text."""
        self._chunks.clear()
        encoded = text.encode() + b"\0"
        status = self._library.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded)), 0, 1, 0, _UTF8, None, None
        )
        if status != 0:
            raise RuntimeError(f"eSpeak NG gave up with status {status}")
        self._library.espeak_Synchronize()
        return b"".join(self._chunks)


def _check_variant(voice: str, folder: Path) -> None:
    """Refuse a variant that is not there, which the library would pass over in silence."""
    _, plus, variant = voice.partition("+")
    if plus and variant not in {path.name for path in folder.iterdir()}:
        raise RuntimeError(
            f"eSpeak NG has no variant {variant!r} of voices, as {voice!r} asks for; "
            "'m1' to 'm8' and 'f1' to 'f5' are among those it has"
        )


def _answer(voice: _Espeak, asked: Mapping[str, object], out: BinaryIO) -> None:
    try:
        voice.take(asked)
    except RuntimeError as error:
        write_message(out, {"error": str(error)})
        return
    samples = voice.speak(str(asked["text"]))
    write_message(out, {"samples": len(samples) // 2}, samples)


def _answer_in_fork(voice: _Espeak, asked: Mapping[str, object], out: BinaryIO) -> bool:
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    status = 1
    try:
        _answer(voice, asked, out)
        status = 0
    finally:
        os._exit(status)


def serve(requests: BinaryIO, out: BinaryIO) -> None:
    """Answer until the other side closes its end, or until an utterance fails."""
    try:
        voice = _Espeak(read_message(requests)[0])
    except (ImportError, OSError, RuntimeError) as error:
        write_message(out, {"error": str(error)})
        return
    write_message(out, {"rate_hz": voice.rate_hz})
    while True:
        try:
            asked = read_message(requests)[0]
        except EOFError:
            return
        if not _answer_in_fork(voice, asked, out):
            return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks, and ends this one
    serve(sys.stdin.buffer, sys.stdout.buffer)
