"""Where along a path gradients can be taken."""

from dataclasses import dataclass

from transcoder.errors import NoGradientError
from transcoder.vocabulary import Catalog, EdgePath, Modality, Segment


@dataclass(frozen=True, slots=True)
class Stretch:
    """A path in three parts.

    Attributes:
        before: From the path's source to where gradients end up.
        within: Segments only; each passes gradients.
        after: From where the cotangent stands to the path's target; no segments, or none that
            lie next to the stretch.
    """

    before: EdgePath
    within: EdgePath
    after: EdgePath


def find_stretch(path: EdgePath, catalog: Catalog) -> Stretch:
    """Find the last unbroken run of segments, from the first floating tensors in it.

    Args:
        path: Any path.
        catalog: Knows the specs of its modalities.

    Raises:
        NoGradientError: If the path has no segments, or no floating tensors around the last.
    """
    places = [at for at, edge in enumerate(path.edges) if isinstance(edge, Segment)]
    if not places:
        raise NoGradientError(
            str(path), "no segment lies on it, only what passes no gradient",
            "choose a path through a model",
        )  # fmt: skip
    end = first = places[-1]
    while first > 0 and isinstance(path.edges[first - 1], Segment):
        first -= 1
    stations = path.modalities[first : end + 2]
    floating = [_is_floating(each, catalog) for each in stations]
    if not any(floating[:-1]):
        found = ", ".join(f"{each} is {catalog.spec(each)}" for each in stations[:-1])
        raise NoGradientError(
            str(path), f"its last segments take no floating tensor ({found})",
            "go on to a modality behind the first latent",
        )  # fmt: skip
    if not floating[-1]:
        raise NoGradientError(
            str(path), f"its last segment ends in {catalog.spec(stations[-1])}",
            "end at a modality with a floating tensor",
        )  # fmt: skip
    first += floating.index(True)
    start, stop = path.modalities[first], path.modalities[end + 1]
    return Stretch(
        EdgePath(path.source, path.edges[:first]),
        EdgePath(start, path.edges[first : end + 1]),
        EdgePath(stop, path.edges[end + 1 :]),
    )


def _is_floating(modality: Modality, catalog: Catalog) -> bool:
    return any(tensor.is_floating for tensor in catalog.spec(modality).tensors)
