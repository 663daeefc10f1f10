"""Processes that run an oracle beside each other; what each has in hand is bounded."""

import logging
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock
from typing import final

from transcoder.errors import OracleError
from transcoder.vocabulary import Oracle, Value

_LOG = logging.getLogger(__name__)
_PIECES = 4  # of a list for each process, so that none waits long for the slowest
_TRIES = 2
_MODULE = "transcoder.sessions._serving_worker"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of a list.

    Attributes:
        start: Where it stands in the list.
        values: What is in it.
        deaths: Workers that ended while they had it in hand, in words.
    """

    start: int
    values: list[Value]
    deaths: tuple[str, ...] = ()

    def after(self, death: str) -> "_Piece":
        return _Piece(self.start, self.values, (*self.deaths, death))


@final
class OracleWorkers:
    """Calls an oracle in processes of their own, a piece of the list each; order is kept.

    A worker that dies is named, replaced, and its piece tried once more.

    Args:
        oracle: What to call; its module must be allowed to run.
        processes: How many workers, each with an oracle of its own.
    """

    def __init__(self, oracle: Oracle, *, processes: int) -> None:
        self._oracle = oracle
        self._processes = processes
        self._workers: list[_Worker] = []
        self._is_closed = False

    def __call__(self, values: Sequence[Value]) -> list[object]:
        """Call the oracle with a list.

        Raises:
            OracleError: If it fails, or a worker dies twice over the same values.
        """
        while len(self._workers) < self._processes:
            self._workers.append(_Worker(self._oracle))
        size = -(-len(values) // (self._processes * _PIECES)) or 1
        waiting = deque(
            _Piece(start, list(values[start : start + size]))
            for start in range(0, len(values), size)
        )
        answers: dict[int, Sequence[object]] = {}
        busy: dict[_Worker, _Piece] = {}
        try:
            while waiting or busy:
                self._hand_out(waiting, busy)
                self._collect(waiting, busy, answers)
        except BaseException:  # what is in hand would be taken for the answer to the next list
            for worker in busy:
                self._drop(worker)
            raise
        return [answer for start in sorted(answers) for answer in answers[start]]

    def close(self) -> None:
        """End all workers."""
        self._is_closed = True
        for worker in list(self._workers):
            self._drop(worker)

    def _hand_out(self, waiting: deque[_Piece], busy: dict["_Worker", _Piece]) -> None:
        for worker in list(self._workers):
            if waiting and worker not in busy:
                busy[worker] = waiting.popleft()
                worker.ask(busy[worker].values)

    def _collect(
        self,
        waiting: deque[_Piece],
        busy: dict["_Worker", _Piece],
        answers: dict[int, Sequence[object]],
    ) -> None:
        ready = wait([worker.connection for worker in busy])
        for worker in [each for each in busy if each.connection in ready]:
            piece = busy[worker]
            try:
                found = worker.answer()
            except (EOFError, OSError):
                del busy[worker]
                waiting.appendleft(self._survived(worker, piece))
                continue
            if found is None:
                continue
            kind, content = found
            del busy[worker]
            if kind == "failed":
                self._fail(piece, content)
            answers[piece.start] = self._whole(piece, content)

    def _survived(self, worker: "_Worker", piece: _Piece) -> _Piece:
        """Replace a worker that has died, unless it is the second over the same values."""
        piece = piece.after(worker.death())
        self._drop(worker)
        last = piece.start + len(piece.values) - 1
        told = f"{' and '.join(piece.deaths)} at values {piece.start} to {last}"
        if len(piece.deaths) >= _TRIES or self._is_closed:
            remedy = "see whether memory is short, or run it without processes of its own"
            raise OracleError(self._oracle.name, piece.start, f"{told}; {remedy}")
        _LOG.warning("oracle %r: %s; trying once more", self._oracle.name, told)
        self._workers.append(_Worker(self._oracle))
        return piece

    def _fail(self, piece: _Piece, content: object) -> None:
        index, reason = content if isinstance(content, tuple) else (None, str(content))
        place = None if index is None else piece.start + index
        raise OracleError(self._oracle.name, place, reason)

    def _whole(self, piece: _Piece, content: object) -> Sequence[object]:
        if isinstance(content, list) and len(content) == len(piece.values):
            return content
        found = f"a {type(content).__name__!r}"
        if isinstance(content, Sequence):
            found += f" of {len(content)}"
        reason = f"it gave {found}, not a list of {len(piece.values)}"
        raise OracleError(self._oracle.name, None, reason)

    def _drop(self, worker: "_Worker") -> None:
        worker.end()
        with suppress(ValueError):  # another thread was faster
            self._workers.remove(worker)


@final
class _Worker:
    """One process and the line to it."""

    def __init__(self, oracle: Oracle) -> None:
        self._lock = Lock()
        self.connection, theirs = Pipe()
        command = [sys.executable, "-m", _MODULE, str(theirs.fileno())]
        places = os.pathsep.join(each or str(Path.cwd()) for each in sys.path)
        self._process = subprocess.Popen(  # noqa: S603 # our own module, nothing that was given
            command,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": places},
        )
        theirs.close()
        self._send((oracle.entry_point, dict(oracle.parameters)))

    def ask(self, values: list[Value]) -> None:
        """Hand over a list."""
        self._send(values)

    def answer(self) -> tuple[str, object] | None:
        """Take what has come; None where that says only that the oracle is made."""
        kind, content = self.connection.recv()
        return None if kind == "made" else (kind, content)

    def end(self) -> None:
        """Let go of it; it is killed where it works on. Two threads may want that at once.

        It ends before its line is closed: who waits at the line sees the end of it, and never
        another file that got its number.
        """
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        with self._lock:
            self.connection.close()

    def death(self) -> str:
        """Say how it ended."""
        code = self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"the worker process {self._process.pid} ended by {how}"

    def _send(self, message: object) -> None:
        try:
            self.connection.send(message)
        except OSError:  # it has died; that is seen where its answer is waited for
            return
