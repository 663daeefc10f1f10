"""The versions of one segment, while a transaction adds to them."""

from dataclasses import replace
from typing import TypeAlias, final

from transcoder.vocabulary import Segment, SegmentKind

_Content: TypeAlias = tuple[str | None, tuple[tuple[str, str], ...]]


@final
class Versions:
    """Numbers new versions and finds equal ones.

    Args:
        live: Those that can be seen, in order of version.
        retired: Those that cannot, in order of version.
        swept: The highest number that is given no more.
    """

    def __init__(
        self, live: tuple[Segment, ...], retired: tuple[Segment, ...], swept: int = 0
    ) -> None:
        self._live = {each.version: each for each in live}
        self._retired = {each.version: each for each in retired}
        self._by_content = {_content(each): each.version for each in (*live, *retired)}
        self._newest = max((swept, *self._by_content.values()))

    @property
    def live(self) -> tuple[Segment, ...]:
        """Those that can be seen, in order of version."""
        return _in_order(self._live)

    @property
    def retired(self) -> tuple[Segment, ...]:
        """Those that cannot be seen, in order of version."""
        return _in_order(self._retired)

    @property
    def kind(self) -> SegmentKind | None:
        """What the versions that can be seen are; None where there are none."""
        return next((each.kind for each in self._live.values()), None)

    @property
    def current(self) -> Segment | None:
        """The one that paths take."""
        return next((each for each in self._live.values() if each.is_current), None)

    def put(self, segment: Segment, *, make_current: bool) -> Segment:
        """Add a version, or find or restore the one of equal content.

        A transcoder that is only declared stands back behind the versions that there are.
        """
        if segment.is_transcoder and not segment.is_runnable and self._live:
            return self.current or self.live[-1]
        content = _content(segment)
        version = self._by_content.get(content)
        if version is None:
            version = self._add(segment, content, is_current=make_current)
        elif version in self._retired:
            self._live[version] = self._retired.pop(version)
        if make_current:
            self._make_current(version)
        return self._live[version]

    def retire(self) -> None:
        """Hide all of them."""
        for version, segment in self._live.items():
            self._retired[version] = replace(segment, is_current=False)
        self._live = {}

    def _add(self, segment: Segment, content: _Content, *, is_current: bool) -> int:
        self._newest += 1
        if (segment.version, segment.is_current) != (self._newest, is_current):
            segment = replace(segment, version=self._newest, is_current=is_current)
        self._live[self._newest] = segment
        self._by_content[content] = self._newest
        return self._newest

    def _make_current(self, version: int) -> None:
        others = [each for each in self._live.values() if each.is_current]
        for other in others:
            if other.version != version:
                self._live[other.version] = replace(other, is_current=False)
        if not self._live[version].is_current:
            self._live[version] = replace(self._live[version], is_current=True)


def _in_order(versions: dict[int, Segment]) -> tuple[Segment, ...]:
    if len(versions) < 2:  # noqa: PLR2004  # nothing to sort, as mostly
        return tuple(versions.values())
    return tuple(versions[version] for version in sorted(versions))


def _content(segment: Segment) -> _Content:
    """What makes two versions of one key the same: their file and how its tensors are named."""
    return segment.digest, tuple(sorted(segment.names.items())) if segment.names else ()


def same_content(first: Segment, second: Segment) -> bool:
    """Whether two versions of one key are the same."""
    return _content(first) == _content(second)
