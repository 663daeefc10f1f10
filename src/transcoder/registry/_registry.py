"""The registry: what is there, and transactions that change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, final

from transcoder.errors import StorageError
from transcoder.registry._blobs import GRACE_S, BlobFolder
from transcoder.registry._commit import Place
from transcoder.registry._nouns import PastCommit, State, Swept
from transcoder.registry._sqlite import SqliteStore
from transcoder.registry._storage_errors import storage_errors
from transcoder.registry._store import Blobs, Store
from transcoder.registry._transaction import Transaction
from transcoder.vocabulary import Catalog, Segment

_DATABASE = "registry.db"


@final
class Registry:
    """Holds networks, oracles, datasets and the modalities between them, with their past.

    Threads may share one; a process opens its own, for a connection does not survive a fork.

    Args:
        root: The folder, for people.
        store: Keeps the states.
        blobs: Keeps the files.
    """

    def __init__(self, root: Path, store: Store, blobs: Blobs) -> None:
        self._root = root
        self._store = store
        self._blobs = blobs
        self._state: State | None = None

    @classmethod
    def open(cls, root: Path, *, create: bool = True) -> Self:
        """Open the registry in a folder.

        Args:
            root: The folder.
            create: Make it if it is not there.

        Raises:
            StorageError: If it cannot be used, or is not there and shall not be made.
            RegistryVersionError: If another version of this package made it.
        """
        database = root / _DATABASE
        if not create and not database.is_file():
            remedy = "check registry.url, or apply a world to make one"
            raise StorageError(str(root), "there is no registry there", remedy)
        with storage_errors(root):
            root.mkdir(parents=True, exist_ok=True)
        store = SqliteStore(database)
        blobs = BlobFolder(root / "blobs")
        blobs.sweep_incoming()
        return cls(root, store, blobs)

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def revision(self) -> int:
        """Count the commits so far, those of other processes included."""
        return self._store.revision()

    def catalog(self) -> Catalog:
        """Give all that is registered now; read again only after a commit."""
        return self._load().catalog

    def blob(self, digest: str) -> bytes:
        """Read a file by its SHA-256.

        Raises:
            CorruptBlobError: If it no longer is what its name says.
            StorageError: If it is not there or cannot be read.
        """
        return self._blobs.read(digest)

    def history(self) -> list[PastCommit]:
        """Tell all commits, oldest first."""
        return self._store.history()

    def retired(self) -> tuple[Segment, ...]:
        """Give the versions that can be restored, in order of name and version."""
        return tuple(each for versions in self._load().retired.values() for each in versions)

    def sweep(self, older_than: timedelta, *, note: str = "") -> Swept:
        """Take away for good what nobody can see, where it is old enough.

        First the retired versions go, as a revision of their own; then, while nobody can write,
        the files that no version names. A process that dies between the two leaves files that
        the next sweep finds. Who registers such a file at the same moment stores it again.

        Args:
            older_than: How long versions have been retired, and files been stored. Half-written
                files are left alone for an hour at least.
            note: For the history.

        Raises:
            StorageError: If the disk is full or cannot be written.
        """
        age_s = older_than.total_seconds()
        changes = self._store.sweep(datetime.now(UTC) - older_than, note=note)
        old = self._blobs.find_old(age_s)
        with self._store.while_nobody_writes() as named:
            unnamed = [digest for digest in old if digest not in named]
            self._blobs.delete(unnamed)
        return Swept(
            versions=tuple(each.name for each in changes),
            files=len(unnamed),
            size_bytes=sum(old[digest] for digest in unnamed),
            leftovers=self._blobs.sweep_incoming(max(age_s, GRACE_S)),
        )

    def start_transaction(self, note: str = "") -> Transaction:
        """Begin to stage changes on top of what is registered now.

        Args:
            note: For the history.
        """
        place = Place(self._store, self._blobs, load=self._load, keep=self._keep)
        return Transaction(place, note)

    @contextmanager
    def transaction(self, note: str = "") -> Iterator[Transaction]:
        """Stage changes, and commit them where the block ends well.

        Args:
            note: For the history.

        Raises:
            CommitError: If the result is not consistent; all faults are named.
            ConflictError: If others changed the same things meanwhile.
        """
        transaction = self.start_transaction(note)
        try:
            yield transaction
        except BaseException:
            transaction.rollback()
            raise
        if not transaction.is_finished:
            transaction.commit()

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def _load(self) -> State:
        state = self._state
        if state is None or state.revision != self._store.revision():
            state = self._store.load()
            self._keep(state)
        return state

    def _keep(self, state: State) -> None:
        self._state = state
