"""What a registry needs of the places that keep it; another database can give the same."""

from collections.abc import Mapping
from typing import Protocol

from transcoder.registry._diff import Delta
from transcoder.registry._nouns import PastCommit, State


class Store(Protocol):
    """Keeps the states of a registry, one after another."""

    def revision(self) -> int:
        """Say how many commits there were."""

    def load(self) -> State:
        """Read the newest state, all of it at one revision."""

    def write(self, base: int, delta: Delta, *, blobs: Mapping[str, int], note: str) -> bool:
        """Make the revision after a given one, whole or not at all.

        Args:
            base: The revision that the delta begins with.
            delta: What changes.
            blobs: Sizes of new files in bytes, by digest; they are stored already.
            note: For the history.

        Returns:
            Whether it was made; not, where the newest revision is no longer the base.
        """

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
