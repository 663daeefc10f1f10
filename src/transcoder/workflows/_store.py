"""The latent store of a registry: what is in it, whether it is whole, what nobody needs."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from transcoder.data import LatentStore, StoreEntry, edge_identity
from transcoder.errors import StorageError, UnknownNameError
from transcoder.registry import Registry
from transcoder.vocabulary import Catalog

ABANDONED = timedelta(days=1)
"""How long an interrupted entry is kept for the run that may go on with it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at every stored file has found.

    Attributes:
        whole: Keys of complete entries that are as they were written.
        damaged: From the keys of the others to what is wrong, in words.
        partial: Keys of entries that are not complete; these are checked when a run goes on.
    """

    whole: tuple[str, ...]
    damaged: dict[str, str]
    partial: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Freed:
    """What was taken out of a store.

    Attributes:
        removed: Entries that are gone.
        busy: Entries that were left because a process works on them.
    """

    removed: tuple[StoreEntry, ...]
    busy: tuple[StoreEntry, ...]

    @property
    def size_bytes(self) -> int:
        """How much space that gave."""
        return sum(entry.size_bytes for entry in self.removed)


def store_of(registry: Registry, *, storage_dtype: str | None = None) -> LatentStore:
    """Find the store of a registry; it is made when first written to.

    Args:
        registry: Whose store.
        storage_dtype: Of float32 and float64 on disk, where it is to be another.
    """
    return LatentStore(registry.root / "store", storage_dtype=storage_dtype)


def verify_store(store: LatentStore) -> Verified:
    """Compare every file of every complete entry with its digest."""
    whole: list[str] = []
    damaged: dict[str, str] = {}
    entries = store.entries()
    for entry in entries:
        if not entry.is_complete:
            continue
        try:
            store.verify(entry.key)
            whole.append(entry.key)
        except UnknownNameError:  # taken away since it was listed
            continue
        except StorageError as error:
            damaged[entry.key] = str(error)
    partial = tuple(entry.key for entry in entries if not entry.is_complete)
    return Verified(tuple(whole), damaged, partial)


def remove_unused(registry: Registry) -> Freed:
    """Take away entries that no path of the registry can make any more.

    Such an entry was made by an edge that is not registered now, by any version of a segment
    or by an oracle as it is; or by an earlier version of this package; or it was interrupted
    and has not changed for a day. One that
    does not say what made it stays, and so does one that a process works on.
    """
    store = store_of(registry)
    entries = store.entries()  # before the catalog is read, so that it knows all their edges
    known = _identities(registry.catalog())
    unused = [entry for entry in entries if _is_unused(entry, known)]
    removed = [entry for entry in unused if store.try_remove(entry)]
    busy = [entry for entry in unused if entry not in removed]
    return Freed(tuple(removed), tuple(busy))


def _identities(catalog: Catalog) -> set[str]:
    segments: Iterable[str] = (
        edge_identity(segment) for versions in catalog.segments.values() for segment in versions
    )
    return {*segments, *map(edge_identity, catalog.oracles.values())}


def _is_unused(entry: StoreEntry, known: set[str]) -> bool:
    if entry.is_outdated or not set(entry.edges) <= known:
        return True
    return not entry.is_complete and time.time() - entry.changed_s > ABANDONED.total_seconds()
