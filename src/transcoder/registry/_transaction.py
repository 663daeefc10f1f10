"""Changes that are staged in memory and become visible together."""

from typing import final

from transcoder.registry._commit import Place, commit, preview
from transcoder.registry._nouns import Commit, Noun, SeenAtStart
from transcoder.registry._staging import Removable, Staging
from transcoder.vocabulary import Catalog, Segment, SegmentKey


@final
class Transaction:
    """Stages changes against the state that was there when it began.

    Nothing is written before `commit`, so that nobody waits for anybody. An open standard
    latent, `text_latent`, becomes its newest version when it is staged, so declare latents
    before what touches them; apart from that order does not matter.

    Args:
        place: Where the registry is kept.
        note: For the history.
    """

    def __init__(self, place: Place, note: str = "") -> None:
        self._place = place
        self._note = note
        self._staging = Staging(place.load(), place.blobs)
        self._is_finished = False
        self._committed: Commit | None = None

    @property
    def catalog(self) -> Catalog:
        """What would be registered; what the commit retires by itself is still in it."""
        return self._staging.catalog

    @property
    def is_finished(self) -> bool:
        """Whether it was committed or rolled back."""
        return self._is_finished

    @property
    def committed(self) -> Commit | None:
        """What the commit did; None before it."""
        return self._committed

    def put(self, noun: Noun) -> None:
        """Register a noun; one of the same name takes its content.

        Two contents for one name in one transaction are a fault of the commit.
        """
        self._refuse_finished()
        self._staging.put(noun)

    def put_segment(
        self,
        segment: Segment,
        onnx: bytes | None = None,
        *,
        make_current: bool = True,
        expected_current: int | SeenAtStart | None = SeenAtStart.SEEN_AT_START,
    ) -> Segment:
        """Register a version of a segment.

        `version` and `is_current` of what is given do not count: versions are numbered at the
        commit, so that others may add to the same key meanwhile. A version with the same file
        and names is found, or restored where it was retired, not added again. A declaration
        without a file changes nothing where there is a version.

        Args:
            segment: With the signature of its file.
            onnx: The file; None for a transcoder that is yet to be trained, or where the
                segment's digest names a file that the registry holds.
            make_current: Whether paths shall take it.
            expected_current: The number of the version that it is to replace as the current
                one, None for none; by default the one that was current when the transaction
                began. If another is current at the commit, that is a conflict, so that no
                choice is carried out against a state that it was not made for.

        Returns:
            The segment with the number that it gets if nobody else is faster;
            `Commit.segments` has the final one.
        """
        self._refuse_finished()
        return self._staging.put_segment(
            segment, onnx, make_current=make_current, expected_current=expected_current
        )

    def remove(self, removed: Removable) -> None:
        """Take a noun away, or retire all versions of a segment.

        Args:
            removed: A noun or, of a modality or a segment, its name: a Modality, a SegmentKey.

        Raises:
            UnknownNameError: If there is no such thing.
        """
        self._refuse_finished()
        self._staging.remove(removed)

    def blob(self, digest: str) -> bytes:
        """Read a file that is staged or stored.

        Raises:
            CorruptBlobError: If it no longer is what its name says.
            StorageError: If it is not there or cannot be read.
        """
        staged = self._staging.files.get(digest)
        return self._place.blobs.read(digest) if staged is None else staged

    def restore(self, key: SegmentKey, version: int) -> Segment:
        """Make a version of a segment current again, one that was retired too.

        Args:
            key: Which segment.
            version: Its number.

        Raises:
            UnknownNameError: If there is no such version, or it was swept.
        """
        self._refuse_finished()
        return self.put_segment(self._staging.find_version(key, version))

    def preview(self) -> Commit:
        """Tell what `commit` would do if it came now, and change nothing.

        Raises:
            CommitError: If the result would not be consistent; all faults are named.
            ConflictError: If others changed what is staged here.
        """
        self._refuse_finished()
        return preview(self._place, self._staging)

    def commit(self) -> Commit:
        """Check the whole result and make it visible, all or nothing.

        If others have committed meanwhile, the result is made and checked again on top of
        theirs. A transaction that was refused can be corrected and committed again.

        Raises:
            CommitError: If the result is not consistent; all faults are named.
            ConflictError: If others changed what is staged here.
            StorageError: If the disk is full or cannot be written.
        """
        self._refuse_finished()
        self._committed = commit(self._place, self._staging, self._note)
        self._is_finished = True
        return self._committed

    def rollback(self) -> None:
        """Forget what is staged."""
        self._is_finished = True

    def _refuse_finished(self) -> None:
        if self._is_finished:
            message = "the transaction is finished; start another one"
            raise RuntimeError(message)
