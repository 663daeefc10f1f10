"""What a registry needs of the places that keep it; another database can give the same."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from transcoder.registry._diff import Delta
from transcoder.registry._nouns import Change, PastCommit, State


class Store(Protocol):
    """Keeps the states of a registry, one after another."""

    def revision(self) -> int:
        """Say how many commits there were."""

    def load(self) -> State:
        """Read the newest state, all of it at one revision."""

    def write(
        self,
        base: int,
        delta: Delta,
        *,
        blobs: Mapping[str, int],
        note: str,
        is_ready: Callable[[], bool],
    ) -> bool:
        """Make the revision after a given one, whole or not at all.

        Args:
            base: The revision that the delta begins with.
            delta: What changes.
            blobs: Sizes of new files in bytes, by digest; they are stored already.
            note: For the history.
            is_ready: Asked while nobody else can write; says whether the files are still there.

        Returns:
            Whether it was made; not, where the newest revision is no longer the base, or where
            a file was swept meanwhile.
        """

    def sweep(self, before: datetime, *, note: str) -> tuple[Change, ...]:
        """Forget the versions that retired before a time, as a revision if there are any.

        Their numbers are not given again.

        Args:
            before: A time with its zone.
            note: For the history.

        Returns:
            What was forgotten.
        """

    def while_nobody_writes(self) -> AbstractContextManager[frozenset[str]]:
        """Hold off all writers, and give the digests of all files that versions name."""

    def history(self) -> list[PastCommit]:
        """Tell all revisions, oldest first."""

    def close(self) -> None:
        """Let go of the database."""


class Blobs(Protocol):
    """Keeps files under the SHA-256 of what they hold."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Store files durably, each under its digest, where they are not there yet."""

    def read(self, digest: str) -> bytes:
        """Read bytes and check them against their name."""

    def holds(self, digests: Iterable[str]) -> bool:
        """Whether there is a file of each digest; what is in it is not looked at."""

    def find_old(self, older_than_s: float) -> Mapping[str, int]:
        """Sizes in bytes of the files written longer ago than that, in seconds, by digest."""

    def delete(self, digests: Iterable[str]) -> None:
        """Take files away; those that are not there do not matter."""

    def sweep_incoming(self, grace_s: float) -> int:
        """Delete what interrupted writers left behind longer ago than that; give how many."""
