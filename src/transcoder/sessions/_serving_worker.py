"""The other end of an oracle's worker process: lists in, lists out, until nobody asks."""

import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from typing import TypeAlias

from transcoder.errors import OracleError

Call: TypeAlias = Callable[[list[object]], object]


def serve(connection: Connection) -> None:
    """Make the oracle that is asked for and call it with list after list.

    The first message names entry point and parameters; each that follows is a list. Each answer
    is a pair: "made" or "answers" with what was made, or "failed" with index and reason.
    """
    try:
        entry_point, parameters = connection.recv()
        calls: list[Call] = []
        connection.send(_made(entry_point, parameters, calls))
        while calls:
            _send(connection, _answered(calls[0], connection.recv()))
    except (EOFError, BrokenPipeError):
        return


def _made(
    entry_point: str, parameters: Mapping[str, object], calls: list[Call]
) -> tuple[str, object]:
    module, _, name = entry_point.partition(":")
    try:
        calls.append(getattr(import_module(module), name)(**parameters))
    except Exception as error:  # noqa: BLE001 # it is told where the oracle was asked for
        return "failed", (None, f"{entry_point!r} cannot be made: {_told(error)}")
    return "made", None


def _send(connection: Connection, answer: tuple[str, object]) -> None:
    try:
        connection.send(answer)
    except (BrokenPipeError, EOFError):
        raise
    except Exception as error:  # noqa: BLE001 # what cannot pass between processes is told
        connection.send(("failed", (None, f"its answers cannot be sent: {_told(error)}")))


def _answered(call: Call, values: list[object]) -> tuple[str, object]:
    try:
        answers = call(values)
        if isinstance(answers, list):
            return "answers", answers
        wanted = f"not a list of {len(values)}"
        return "failed", (None, f"it gave a {type(answers).__name__!r}, {wanted}")
    except OracleError as error:
        return "failed", (error.index, error.reason)
    except Exception as error:  # noqa: BLE001 # it is told where the oracle was asked
        return "failed", (_first_failing(call, values), _told(error))


def _first_failing(call: Call, values: list[object]) -> int | None:
    for index, value in enumerate(values):
        try:
            call([value])
        except Exception:  # noqa: BLE001 # any failure answers the question
            return index
    return None


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks, and ends this one
    serve(Connection(int(sys.argv[1])))
