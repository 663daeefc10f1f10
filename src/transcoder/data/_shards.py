"""Pieces of an entry that one process computes for another."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final
from zipfile import BadZipFile

import numpy as np

from transcoder.data._content import ContentDigest
from transcoder.data._files import maybe_read_json, storage_errors
from transcoder.data._layout import Layout, RowArrays
from transcoder.data._windows import Window, WindowReader, WindowRunner, digest_piece
from transcoder.data._writer import PROGRESS, SHARDS
from transcoder.vocabulary import Array, Value

_PAUSE_S = 0.05
_REMEDY = "mend that and run again, it goes on where it was"


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """What a window became.

    Attributes:
        columns: For each tensor its array of each row, without batch axis.
        skipped: Rows that could not be used, and why; they hold blanks.
    """

    columns: Mapping[str, RowArrays]
    skipped: Mapping[int, str]


def compute_shard(rows: WindowRunner, window: Window, tell: Callable[[int], None]) -> Shard:
    """Take a window to the end of a path, by nothing but what is given.

    Args:
        rows: The path, and what runs it.
        window: The rows.
        tell: Told how many rows are done since the last call.
    """
    batches = []
    for numbers, batch in rows.run(window):
        batches.append((numbers, batch))
        tell(len(numbers))
    tell(window.stop - window.start - sum(len(numbers) for numbers, _ in batches))
    skipped = rows.skipped.between(window.start, window.stop)
    return Shard(rows.columns(window, batches), skipped)


@final
class ShardFolder:
    """Shards of an entry that is being computed; each is claimed once, by one process.

    A claim is a file that stays; who is at work holds a lock on it. What has a claim but no
    lock and no shard was left by a process that ended; who writes the entry computes it.

    Args:
        partial: The entry's folder.
        layouts: How its tensors lie.
    """

    def __init__(self, partial: Path, layouts: Sequence[Layout]) -> None:
        self._folder = partial / SHARDS
        self._layouts = layouts

    @contextmanager
    def awaited(self, window: Window) -> Iterator[Shard | None]:
        """Claim a window, waiting for who has it; give its shard if there is one by then."""
        with storage_errors(self._folder, _REMEDY):
            self._folder.mkdir(exist_ok=True)
            claim = os.open(self._claim(window), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with storage_errors(self._folder, _REMEDY):
                fcntl.flock(claim, fcntl.LOCK_EX)
                found = self._maybe_read(window)
                self._file(window).unlink(missing_ok=True)
            yield found
        finally:
            os.close(claim)

    def offer(self, window: Window, compute: Callable[[Window], Shard]) -> bool:
        """Compute a window's shard unless another has claimed it.

        Returns:
            Whether it was computed.

        Raises:
            FileNotFoundError: If nobody works on the entry yet, or any more.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        try:
            claim = os.open(self._claim(window), flags, 0o644)
        except FileExistsError:
            return False
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._write(window, compute(window))
        except BlockingIOError:
            return False
        finally:
            os.close(claim)
        return True

    def _claim(self, window: Window) -> Path:
        return self._folder / f"{window.start}-{window.stop}.claim"

    def _file(self, window: Window) -> Path:
        return self._folder / f"{window.start}-{window.stop}.npz"

    def _write(self, window: Window, shard: Shard) -> None:
        """Write aside, then rename; only this run reads it, so nothing is synced."""
        skipped = {str(row): why for row, why in shard.skipped.items()}
        arrays: dict[str, Array] = {
            "told": np.array(json.dumps({"of": _digest(window), "skipped": skipped}))
        }
        for number, layout in enumerate(self._layouts):
            rows = shard.columns[layout.name]
            arrays[f"{number}.numbers"] = layout.numbers(rows)
            arrays[f"{number}.lengths"] = layout.lengths(rows) if layout.offsets_file else _NONE
        aside = self._file(window).with_suffix(f".{os.getpid()}.npz")
        np.savez(aside, allow_pickle=False, **arrays)
        aside.rename(self._file(window))

    def _maybe_read(self, window: Window) -> Shard | None:
        """Read a shard; None where there is none of these very values, or it is damaged."""
        try:
            with np.load(self._file(window), allow_pickle=False) as held:
                told = json.loads(str(held["told"]))
                columns = {
                    layout.name: layout.rows(held[f"{place}.numbers"], held[f"{place}.lengths"])
                    for place, layout in enumerate(self._layouts)
                }
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        if told["of"] != _digest(window):
            return None
        return Shard(columns, {int(row): why for row, why in told["skipped"].items()})


_NONE: Array = np.empty(0, np.int64)


@final
class Helper:
    """Computes shards for the process that writes an entry, one at each call.

    Args:
        column: What is read.
        rows: What computes it.
        partial: The entry's folder.
    """

    def __init__(self, column: Sequence[Value], rows: WindowRunner, partial: Path) -> None:
        self._column = column
        self._rows = rows
        self._partial = partial
        self._shards = ShardFolder(partial, rows.layouts)
        self._reader: WindowReader | None = None
        self._window: Window | None = None

    def __call__(self) -> bool:
        """Help with the next window that nobody has claimed.

        Returns:
            Whether there may be more to do.
        """
        if self._reader is None:
            done = (maybe_read_json(self._partial / PROGRESS) or {}).get("rows")
            count, size = len(self._column), self._rows.batch_size
            self._reader = WindowReader(self._column, count, batch_size=size)
            self._reader.skip_to(done if isinstance(done, int) else 0)
        if self._window is None:
            self._window = self._reader.maybe_next()
        if self._window is None:
            return False
        try:
            self._shards.offer(
                self._window, lambda each: compute_shard(self._rows, each, _mute)
            )
        except FileNotFoundError:
            time.sleep(_PAUSE_S)
            return True
        self._window = None
        return True


def _digest(window: Window) -> str:
    digest = ContentDigest()
    for piece in window.pieces:
        digest_piece(digest, piece)
    return digest.hexdigest()


def _mute(_rows: int) -> None:
    return None
