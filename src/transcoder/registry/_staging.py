"""What a transaction collects before it commits."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import TypeAlias, TypeVar, final

from transcoder.errors import TranscoderError, UnknownNameError
from transcoder.registry._draft import Draft
from transcoder.registry._nouns import (
    Kind,
    Noun,
    NounId,
    SeenAtStart,
    State,
    id_of,
    version_name,
)
from transcoder.registry._resolve import resolve_key, resolve_noun
from transcoder.registry._rows import as_stored, segment_as_stored
from transcoder.registry._staged import PutNoun, PutSegment, RemoveNoun, RemoveSegment, Staged
from transcoder.registry._store import Blobs
from transcoder.registry._versions import same_content
from transcoder.vocabulary import Catalog, Modality, Segment, SegmentKey

Removable: TypeAlias = Noun | NounId | Modality | Segment | SegmentKey
"""What can be taken away: a noun, by its name too, or all versions of a segment."""

_Stored = TypeVar("_Stored")


@final
class Staging:
    """Keeps what is asked for, in order, with its faults and files.

    Args:
        base: The state that was there when it began.
        blobs: Where files are that the registry holds already.

    Attributes:
        base: As given.
        faults: What cannot be done whatever else there is.
    """

    def __init__(self, base: State, blobs: Blobs) -> None:
        self.base = base
        self.faults: list[str] = []
        self._blobs = blobs
        self._files: dict[str, bytes] = {}
        self._staged: list[Staged] = []
        self._last: dict[NounId, Staged] = {}
        self._currents: dict[SegmentKey, Segment] = {}
        self._draft = Draft(base)
        self._view: Catalog | None = None

    @property
    def staged(self) -> tuple[Staged, ...]:
        """What is asked for, in order."""
        return tuple(self._staged)

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files of the segments, by digest."""
        return self._files

    @property
    def catalog(self) -> Catalog:
        """The base with everything applied that is asked for."""
        if self._view is None:
            self._view = self._draft.view().catalog
        return self._view

    def draft_on(self, state: State) -> Draft:
        """Apply everything that is asked for to a state; to the base it was done already."""
        if state is self.base:
            return self._draft
        draft = Draft(state)
        for staged in self._staged:
            draft.apply(staged)
        return draft

    def put(self, noun: Noun) -> None:
        """Ask for a noun."""
        noun_id = id_of(noun)
        stored = self._attempt(
            noun_id, lambda: as_stored(resolve_noun(noun, self._draft.nouns.values()))
        )
        if stored is None:
            return
        earlier = self._last.get(noun_id)
        if isinstance(earlier, PutNoun) and earlier.noun != stored:
            self.faults.append(f"{noun_id} is defined twice, with different content")
        self._stage_noun(PutNoun(noun_id, stored))

    def put_segment(
        self,
        segment: Segment,
        onnx: bytes | None,
        *,
        make_current: bool,
        expected_current: int | SeenAtStart | None,
    ) -> Segment:
        """Ask for a version of a segment; gives it with the number that it would have."""
        key = resolve_key(segment.key, self._draft.nouns.values())
        digest = self._keep_file(segment, onnx)
        stored = self._attempt(
            key, lambda: segment_as_stored(segment, key, digest, is_current=make_current)
        )
        if stored is None:
            return replace(segment, key=key, digest=digest, version=1, is_current=False)
        if isinstance(expected_current, SeenAtStart):
            current = self.base.current(stored.key)
            expected_current = current.version if current else None
        if make_current:
            self._refuse_two_currents(stored)
        staged = PutSegment(stored, make_current, expected_current)
        self._staged.append(staged)
        self._view = None
        return self._draft.put_segment(staged)

    def remove(self, removed: Removable) -> None:
        """Ask that something be taken away.

        Raises:
            UnknownNameError: If there is no such thing.
        """
        if isinstance(removed, Segment):
            self._remove_segment(removed.key)
        elif isinstance(removed, SegmentKey):
            self._remove_segment(removed)
        elif isinstance(removed, Modality):
            self._remove_noun(NounId(Kind.MODALITY, str(removed)))
        elif isinstance(removed, NounId):
            self._remove_noun(removed)
        else:
            self._remove_noun(id_of(removed))

    def find_version(self, key: SegmentKey, version: int) -> Segment:
        """Find a version that is registered or retired.

        Raises:
            UnknownNameError: If there is none of that number.
        """
        resolved = resolve_key(key, self._draft.nouns.values())
        tables = (self.catalog.segments, self.base.retired)
        found = {
            version_name(each): each
            for table in tables
            for versions in table.values()
            for each in versions
        }
        wanted = f"{resolved} #{version}"
        if wanted not in found:
            raise UnknownNameError("version", wanted, found)
        return found[wanted]

    def _remove_segment(self, key: SegmentKey) -> None:
        resolved = resolve_key(key, self._draft.nouns.values())
        if resolved not in self.catalog.segments:
            raise UnknownNameError("segment", str(key), map(str, self.catalog.segments))
        self._currents.pop(resolved, None)
        self._stage(RemoveSegment(resolved))

    def _remove_noun(self, noun_id: NounId) -> None:
        if noun_id not in self._draft.nouns:
            known = (each.name for each in self._draft.nouns if each.kind is noun_id.kind)
            raise UnknownNameError(noun_id.kind.value, noun_id.name, known)
        self._stage_noun(RemoveNoun(noun_id))

    def _stage_noun(self, staged: PutNoun | RemoveNoun) -> None:
        self._last[staged.id] = staged
        self._stage(staged)

    def _stage(self, staged: Staged) -> None:
        self._staged.append(staged)
        self._view = None
        self._draft.apply(staged)

    def _keep_file(self, segment: Segment, onnx: bytes | None) -> str | None:
        """Keep the file of a segment and give its digest."""
        if onnx is None and segment.digest is None:
            return None
        if onnx is None:
            wanted = segment.digest or ""
            data = self._attempt(segment.key, lambda: self._blobs.read(wanted))
            self._files.update({} if data is None else {wanted: data})
            return wanted
        digest = sha256(onnx).hexdigest()
        if segment.digest not in (None, digest):
            told = (segment.digest or "")[:12]
            self.faults.append(f"{segment.key} has the digest {told}, its file {digest[:12]}")
        if segment.signature is not None and segment.signature.size_bytes != len(onnx):
            self.faults.append(f"{segment.key} has the signature of another file")
        self._files[digest] = onnx
        return digest

    def _refuse_two_currents(self, segment: Segment) -> None:
        earlier = self._currents.setdefault(segment.key, segment)
        if earlier is not segment and not same_content(earlier, segment):
            self.faults.append(f"{segment.key} is defined twice, with different content")

    def _attempt(self, what: object, make: Callable[[], _Stored]) -> _Stored | None:
        try:
            return make()
        except (TypeError, ValueError, TranscoderError) as error:
            self.faults.append(f"{what}: {error}")
            return None
