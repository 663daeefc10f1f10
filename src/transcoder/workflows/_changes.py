"""Many calls in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, final

from typing_extensions import override

from transcoder.registry import Commit, Transaction
from transcoder.vocabulary import Catalog
from transcoder.workflows._apply import stage_world
from transcoder.workflows._calls import RegistryCalls


@final
class Changes(RegistryCalls[None]):
    """Stages the calls of the facade; `commit` makes all of them visible together.

    As a context manager it commits where the block ends well, and rolls back where it raises.

    Args:
        transaction: Of the registry.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @property
    @override
    def catalog(self) -> Catalog:
        return self._transaction.catalog

    @property
    def committed(self) -> Commit | None:
        """What the commit did; None before it."""
        return self._transaction.committed

    def apply(self, world: Path, *, measure: bool = False) -> None:
        """Stage all that a world file declares.

        Args:
            world: The file.
            measure: Whether to add how long one row takes to the scores of new versions.

        Raises:
            RecipeError: If the file has faults.
            InvalidModelError: If an ONNX file of it cannot be used.
        """
        stage_world(self._transaction, world, measure=measure)

    def preview(self) -> Commit:
        """Tell what `commit` would do if it came now, and change nothing.

        Raises:
            CommitError: If the result would not be consistent; all faults are named.
            ConflictError: If others changed what is staged here.
        """
        return self._transaction.preview()

    def commit(self) -> Commit:
        """Check the whole result and make it visible, all or nothing.

        Raises:
            CommitError: If the result is not consistent; all faults are named.
            ConflictError: If others changed what is staged here.
            StorageError: If the disk is full or cannot be written.
        """
        return self._transaction.commit()

    def rollback(self) -> None:
        """Forget what is staged."""
        self._transaction.rollback()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._transaction.rollback()
        elif not self._transaction.is_finished:
            self._transaction.commit()

    @override
    @contextmanager
    def _stage(self, note: str) -> Iterator[Transaction]:
        yield self._transaction

    @override
    def _done(self, transaction: Transaction) -> None:
        return None

    @override
    def _blob(self, digest: str) -> bytes:
        return self._transaction.blob(digest)
