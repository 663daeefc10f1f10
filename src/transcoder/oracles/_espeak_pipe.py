"""Messages between a process and its worker: four bytes of length, then that much JSON.

Where a message has a number of "samples", that many samples of two bytes follow it.
"""

import json
import struct
from collections.abc import Mapping
from subprocess import Popen
from typing import IO

_LENGTH = struct.Struct(">I")
_SAMPLE_BYTES = 2


def write_message(stream: IO[bytes], message: Mapping[str, object], body: bytes = b"") -> None:
    """Send one JSON object with its length before it and samples behind it."""
    text = json.dumps(message).encode()
    stream.write(_LENGTH.pack(len(text)) + text + body)
    stream.flush()


def read_message(stream: IO[bytes]) -> tuple[dict[str, object], bytes]:
    """Receive one JSON object and its samples.

    Raises:
        EOFError: The other side is gone.
    """
    size_bytes: int = _LENGTH.unpack(_exactly(stream, _LENGTH.size))[0]
    message: dict[str, object] = json.loads(_exactly(stream, size_bytes))
    samples = int(str(message.get("samples", 0)))
    return message, _exactly(stream, samples * _SAMPLE_BYTES)


def exchange(
    worker: Popen[bytes], message: Mapping[str, object]
) -> tuple[dict[str, object], bytes]:
    """Ask a worker, and wait for what it answers.

    Raises:
        EOFError: The worker has no pipes, or is gone.
    """
    if worker.stdin is None or worker.stdout is None:
        raise EOFError
    write_message(worker.stdin, message)
    return read_message(worker.stdout)


def _exactly(stream: IO[bytes], size_bytes: int) -> bytes:
    body = stream.read(size_bytes)
    if len(body) < size_bytes:
        raise EOFError
    return body
