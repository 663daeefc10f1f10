"""Take a value along a path, and see at each transcoder how familiar it is."""

from collections.abc import Callable, Mapping
from typing import final

from transcoder.errors import NoConfidenceError
from transcoder.evaluation import FAMILIARITY, Familiarity, mean_latents
from transcoder.interchange import read_metadata
from transcoder.sessions import Runner, collate
from transcoder.vocabulary import Confidence, Confident, EdgePath, Segment, Value


@final
class ConfidentRunner:
    """Measures latents before transcoders; what a file says of its training is read once.

    Args:
        runner: Runs paths.
        read_blob: Gives the ONNX file of a digest.
    """

    def __init__(self, runner: Runner, read_blob: Callable[[str], bytes]) -> None:
        self._runner = runner
        self._read_blob = read_blob
        self._known: dict[str, Familiarity | None] = {}

    def run(self, path: EdgePath, value: Value) -> Confident:
        """Take one value along a path.

        Raises:
            NoConfidenceError: If no transcoder is on it, or one does not know its training.
            TranscoderError: If an edge fails; it names the edge.
        """
        places = [
            (place, edge)
            for place, edge in enumerate(path.edges)
            if isinstance(edge, Segment) and edge.is_transcoder
        ]
        if not places:
            reason = "no transcoder is on it, and only they keep what they were trained on"
            raise NoConfidenceError(str(path), reason, "choose with --via a path through one")
        known = [self._familiarity(path, segment) for _, segment in places]
        told, at, state = [], 0, value
        for (place, segment), familiarity in zip(places, known, strict=True):
            state = self._walk(path, at, place, state)
            told.append(self._measured(segment, familiarity, state))
            at = place
        return Confident(self._walk(path, at, len(path.edges), state), tuple(told))

    def _walk(self, path: EdgePath, begin: int, end: int, value: Value) -> Value:
        if begin == end:
            return value
        stretch = EdgePath(path.modalities[begin], path.edges[begin:end])
        return self._runner.run(stretch, [value])[0]

    def _familiarity(self, path: EdgePath, segment: Segment) -> Familiarity:
        digest = str(segment.digest)
        if digest not in self._known:
            text = read_metadata(self._read_blob(digest), segment.name).get(FAMILIARITY)
            parsed = None if text is None else Familiarity.parse(text, segment.name)
            self._known[digest] = parsed
        found = self._known[digest]
        if found is None:
            reason = f"{segment.name!r} #{segment.version} does not say what it was trained on"
            raise NoConfidenceError(str(path), reason, "train it by a recipe, then ask again")
        return found

    def _measured(self, segment: Segment, known: Familiarity, value: Value) -> Confidence:
        spec = self._runner.catalog.spec(segment.source)
        batch = collate([value] if isinstance(value, Mapping) else [], spec)
        distance = float(known.distances(mean_latents(batch, spec))[0])
        return Confidence(
            segment.name, segment.version, distance, known.percentile(distance), known.rows
        )
