"""Calls that are given up when they take too long."""

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeAlias, TypeVar, final

_Answer = TypeVar("_Answer")
_Calls: TypeAlias = (
    "SimpleQueue[tuple[Callable[[], _Answer], SimpleQueue[_Done[_Answer]]] | None]"
)


class OverdueError(Exception):
    """A call did not end in time."""


@dataclass(frozen=True, slots=True)
class _Done(Generic[_Answer]):
    """How a call ended."""

    answer: _Answer | None
    error: BaseException | None


@final
class Deadline(Generic[_Answer]):
    """Runs calls in a thread of its own, one after the other, and waits so long and no longer.

    Python cannot end a thread: one that hangs is left behind, does not keep the process from
    ending, and the next call gets another.

    Args:
        limit_s: Seconds that a call may take.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._calls: _Calls[_Answer] = SimpleQueue()
        self._thread: Thread | None = None

    def run(self, call: Callable[[], _Answer]) -> _Answer:
        """Make a call.

        Raises:
            OverdueError: If it does not end within the limit.
        """
        if self._thread is None or not self._thread.is_alive():  # it does not survive a fork
            self._calls = SimpleQueue()
            self._thread = Thread(target=_serve, args=(self._calls,), daemon=True)
            self._thread.start()
        answers: SimpleQueue[_Done[_Answer]] = SimpleQueue()
        self._calls.put((call, answers))
        try:
            done = answers.get(timeout=self.limit_s)
        except Empty:
            self.close()
            raise OverdueError from None
        except BaseException:  # Ctrl-C, while the call goes on
            self.close()
            raise
        if done.error is not None:
            raise done.error
        return done.answer  # type: ignore[return-value] # there is one where there is no error

    def close(self) -> None:
        """Let the thread end when its call does."""
        if self._thread is not None:
            self._calls.put(None)
            self._thread = None


def _serve(calls: "_Calls[_Answer]") -> None:
    while (asked := calls.get()) is not None:
        call, answers = asked
        try:
            answers.put(_Done(call(), None))
        except BaseException as error:  # noqa: BLE001 # it is raised where the call was made
            answers.put(_Done(None, error))
