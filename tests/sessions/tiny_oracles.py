"""Oracles of a few lines, right ones and wrong ones."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from time import sleep

import numpy as np

from transcoder.errors import OracleError
from transcoder.vocabulary import Tensors

MADE: list[str] = []
CLOSED: list[str] = []


class Codes:
    """Text to the codes of its characters, text without characters excepted."""

    def __init__(self, *, shift: int = 0) -> None:
        self.shift = shift
        MADE.append("Codes")

    def __call__(self, values: Sequence[str]) -> list[Tensors]:
        for row, text in enumerate(values):
            if not text:
                raise OracleError("Codes", row, "the text is empty")
        return [{"tokens": np.array([ord(c) + self.shift for c in text])} for text in values]

    def close(self) -> None:
        CLOSED.append("Codes")


class Letters:
    """Codes to text."""

    def __call__(self, values: Sequence[Tensors]) -> list[str]:
        return ["".join(chr(int(code)) for code in each["tokens"] if code) for each in values]


class Halves:
    """Gives answers for half of the values."""

    def __call__(self, values: Sequence[str]) -> list[str]:
        return list(values[: len(values) // 2])


class Lazy:
    """Gives a generator, which is not a list."""

    def __call__(self, values: Sequence[str]) -> object:
        return (value for value in values)


class Lengths:
    """Gives numbers where text is promised."""

    def __call__(self, values: Sequence[str]) -> list[int]:
        return [len(value) for value in values]


class FlatCodes:
    """Gives tokens of another dtype than promised."""

    def __call__(self, values: Sequence[str]) -> list[Tensors]:
        return [{"tokens": np.zeros(len(value), dtype=np.float32)} for value in values]


class Inverses:
    """Fails at one value, and does not say at which."""

    def __call__(self, values: Sequence[str]) -> list[str]:
        return [str(1 / (len(value) - 3)) for value in values]


class Sleeps:
    """Takes as many seconds as it is told, whatever it is given."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, values: Sequence[str]) -> list[str]:
        sleep(self.seconds if "slow" in values else 0)
        return list(values)


class Mortal:
    """Ends its process at the word `die`, always or once while a file is there."""

    def __init__(self, *, once: str = "") -> None:
        self.once = Path(once)

    def __call__(self, values: Sequence[str]) -> list[str]:
        for text in values:
            if text == "die" and (self.once == Path() or self.once.exists()):
                if self.once != Path():
                    self.once.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        return [f"{text}!" for text in values]


class Interrupted:
    """Sends its process what Ctrl-C sends to all that run in a terminal."""

    def __call__(self, values: Sequence[str]) -> list[str]:
        os.kill(os.getpid(), signal.SIGINT)
        return list(values)
