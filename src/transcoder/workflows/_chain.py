"""The segments of a path as one ONNX file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transcoder.errors import PathExportError
from transcoder.interchange import read_signature, splice, with_ends
from transcoder.vocabulary import Catalog, EdgePath, Oracle, Segment, SegmentKey, Signature


@dataclass(frozen=True, slots=True)
class Stretch:
    """What of a path can stand in an ONNX file.

    Attributes:
        before: Oracles at its beginning.
        segments: In order; at least one.
        after: Oracles at its end.
    """

    before: tuple[Oracle, ...]
    segments: tuple[Segment, ...]
    after: tuple[Oracle, ...]

    @property
    def path(self) -> EdgePath:
        """The segments alone."""
        return EdgePath(self.segments[0].source, self.segments)


def stretch_of(path: EdgePath) -> Stretch:
    """Take the oracles off the ends of a path.

    Raises:
        PathExportError: If nothing is left, or an oracle stands between segments.
    """
    places = [place for place, edge in enumerate(path.edges) if isinstance(edge, Segment)]
    if not places:
        reason = "it has no segment, and a program cannot go into an ONNX file"
        raise PathExportError(str(path), reason, "choose a path through a network")
    first, last = places[0], places[-1] + 1
    inner = path.edges[first:last]
    for edge in inner:
        if isinstance(edge, Oracle):
            reason = f"the oracle {edge.name!r} stands between networks, where no file reaches"
            remedy = "choose with --via a path whose oracles stand at its ends"
            raise PathExportError(str(path), reason, remedy)
    return Stretch(
        tuple(edge for edge in path.edges[:first] if isinstance(edge, Oracle)),
        tuple(edge for edge in inner if isinstance(edge, Segment)),
        tuple(edge for edge in path.edges[last:] if isinstance(edge, Oracle)),
    )


def chain(
    stretch: Stretch, catalog: Catalog, read_blob: Callable[[str], bytes]
) -> tuple[Segment, bytes]:
    """Splice the segments of a path.

    Its inputs and outputs are called as the tensors of the specs at its ends; a name that both
    have becomes `source.name` and `target.name`.

    Args:
        stretch: The segments.
        catalog: Knows the specs between them.
        read_blob: Gives the ONNX file of a digest.

    Returns:
        A segment that stands for all of them, and its file.

    Raises:
        SpliceError: If two of the files do not go together.
        SpecMismatchError: Likewise.
        PathExportError: If the result takes more than the first segment does.
    """
    head, *rest = stretch.segments
    file = read_blob(str(head.digest))
    given = _outputs(head, catalog)
    for tail in rest:
        taken = {each.name for each in _signature(tail).inputs}
        joins = {
            now: tail.input_name(tensor)
            for tensor, now in given.items()
            if tail.input_name(tensor) in taken
        }
        file = splice(file, read_blob(str(tail.digest)), joins=joins)
        given = _renamed(tail, catalog, read_signature(file, str(stretch.path)))
    return _named(stretch, file, given, catalog)


def _named(
    stretch: Stretch, file: bytes, given: Mapping[str, str], catalog: Catalog
) -> tuple[Segment, bytes]:
    head, path = stretch.segments[0], stretch.path
    taken = {each.name for each in read_signature(file, str(path)).inputs}
    source = {
        tensor: head.input_name(tensor)
        for tensor in catalog.spec(path.source).names
        if head.input_name(tensor) in taken
    }
    if taken != set(source.values()):
        more = ", ".join(map(repr, sorted(taken - set(source.values()))))
        reason = f"a file inside takes {more}, which nothing before it gives"
        raise PathExportError(str(path), reason, "check the names of its segments")
    shared = source.keys() & given.keys()
    names = {
        f"{side}.{each}": f"{side}.{each}" for each in shared for side in ("source", "target")
    }
    inputs = {names.get(f"source.{tensor}", tensor): old for tensor, old in source.items()}
    outputs = {names.get(f"target.{tensor}", tensor): old for tensor, old in given.items()}
    whole = with_ends(file, inputs=inputs, outputs=outputs)
    key = SegmentKey(str(path), path.source, path.target)
    signature = read_signature(whole, str(path))
    return Segment(key, signature=signature, names=names), whole


def _outputs(segment: Segment, catalog: Catalog) -> dict[str, str]:
    """What the graph calls each tensor that a segment gives."""
    return {each: segment.output_name(each) for each in catalog.spec(segment.target).names}


def _renamed(tail: Segment, catalog: Catalog, whole: Signature) -> dict[str, str]:
    """What the spliced graph calls each tensor that its tail gives; these stand last."""
    own = [each.name for each in _signature(tail).outputs]
    now = dict(zip(own, [each.name for each in whole.outputs][-len(own) :], strict=True))
    return {tensor: now[name] for tensor, name in _outputs(tail, catalog).items()}


def _signature(segment: Segment) -> Signature:
    if segment.signature is None:
        reason = f"{segment.key} is yet to be trained"
        raise PathExportError(str(segment), reason, "train it first")
    return segment.signature
