"""Making what is staged the next revision."""

from collections.abc import Callable
from dataclasses import dataclass

from transcoder.errors import CommitError, ConflictError
from transcoder.registry._check import find_faults
from transcoder.registry._conflict import find_conflicts
from transcoder.registry._diff import Delta, diff
from transcoder.registry._latents import left_behind
from transcoder.registry._nouns import Commit, State
from transcoder.registry._staging import Staging
from transcoder.registry._store import Blobs, Store


@dataclass(frozen=True, slots=True)
class Place:
    """Where a registry is kept.

    Attributes:
        store: Its states.
        blobs: Its files.
        load: Gives the newest state, read at most once for each revision.
        keep: Takes a state that was just committed, so that it need not be read.
    """

    store: Store
    blobs: Blobs
    load: Callable[[], State]
    keep: Callable[[State], None]


def commit(place: Place, staging: Staging, note: str) -> Commit:
    """Write what is staged on top of the newest state, or raise and write nothing.

    Each time that others were faster, the result is made and checked anew on top of theirs;
    that ends, for each time somebody got further.

    Raises:
        CommitError: If the result is not consistent; all faults are named.
        ConflictError: If others changed what is staged.
        StorageError: If the disk is full or cannot be written.
    """
    now = staging.base
    while (made := _commit_onto(now, place, staging, note=note)) is None:
        now = place.load()
    return made


def preview(place: Place, staging: Staging) -> Commit:
    """Tell what a commit would do now, and write nothing.

    Raises:
        CommitError: If the result would not be consistent; all faults are named.
        ConflictError: If others changed what is staged.
    """
    return _outcome(place.load(), staging).commit


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A commit that is checked and not yet written."""

    state: State
    delta: Delta
    commit: Commit


def _commit_onto(now: State, place: Place, staging: Staging, *, note: str) -> Commit | None:
    """Try once; None where others have committed, or swept a file, since the given state."""
    outcome = _outcome(now, staging)
    place.blobs.put(staging.files)
    if not outcome.commit.changed:
        return outcome.commit
    is_written = place.store.write(
        now.revision,
        outcome.delta,
        blobs={digest: len(data) for digest, data in staging.files.items()},
        note=note,
        is_ready=lambda: place.blobs.holds(staging.files),
    )
    if not is_written:
        return None
    place.keep(outcome.state)
    return outcome.commit


def _outcome(now: State, staging: Staging) -> _Outcome:
    conflicts = find_conflicts(staging.staged, staging.base, now)
    if conflicts:
        raise ConflictError(conflicts)
    draft = staging.draft_on(now)
    after, retired = draft.finish()
    faults = [*staging.faults, *draft.faults, *find_faults(now, after)]
    if faults:
        raise CommitError(list(dict.fromkeys(faults)))
    delta = diff(now, after)
    changes = delta.changes
    commit = Commit(
        revision=after.revision if changes else now.revision,
        changed=changes,
        segments=draft.settled_segments(after),
        retired=retired,
        left_behind=left_behind(now, after),
    )
    return _Outcome(after, delta, commit)
