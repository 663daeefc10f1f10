"""What a caller wants of a path, and what each edge costs in that light."""

from dataclasses import dataclass
from math import isfinite, log

from transcoder.errors import FaultsError
from transcoder.vocabulary import Edge, Exactness, Oracle, Segment

UNMEASURED_RETENTION = 0.5
"""What a transcoder is taken to keep of the quality until it has been judged."""

SYNTHETIC_RETENTION = 0.8
"""What a synthetic oracle is taken to keep of the quality."""

_LOWEST_RETENTION = 1e-3
_SCORE = "validation/retention"

_LATENCY = "latency_ms"
_CALL_MS = 0.02
_MS_PER_BYTE = 2e-6
_EXACT_ORACLE_MS = 0.2
_SYNTHETIC_ORACLE_MS = 20.0

_UNITS = 1_000_000
_DEAREST = 1e12  # whatever the weights, a cost is a number


@dataclass(frozen=True, slots=True)
class Preference:
    """What makes one path better than another; weights add up along its edges.

    Attributes:
        quality: Weight of minus the logarithm of what an edge retains: the measured retention
            of a transcoder, `UNMEASURED_RETENTION` where it was never judged,
            `SYNTHETIC_RETENTION` for a synthetic oracle, everything for all other edges.
        latency: Weight of one millisecond a row, measured or estimated from the file's size.
        size: Weight of one byte of an ONNX file.
        hops: Weight of one edge.
        allow_oracles: Whether programs may stand on the path.
        differentiable_only: Whether gradients must pass from end to end.
        exclude: Names of models and oracles that may not stand on it.
        forbid_licences: Licences that no edge of it may have; `unknown` for those not stated.

    Raises:
        FaultsError: If a weight is negative or not a number.
    """

    quality: float = 1.0
    latency: float = 1e-3
    size: float = 1e-10
    hops: float = 0.01
    allow_oracles: bool = True
    differentiable_only: bool = False
    exclude: frozenset[str] = frozenset()
    forbid_licences: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        weights = {name: getattr(self, name) for name in ("quality", "latency", "size", "hops")}
        faults = [
            f"the weight {name!r} is {value}"
            for name, value in weights.items()
            if not (isfinite(value) and value >= 0)
        ]
        if faults:
            raise FaultsError("the preference", faults, "give weights of zero or more")

    def admits(self, edge: Edge) -> bool:
        """Whether the edge may stand on a path at all."""
        if edge.name in self.exclude or (edge.licence or "unknown") in self.forbid_licences:
            return False
        return isinstance(edge, Segment) or (
            self.allow_oracles and not self.differentiable_only
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What an edge costs, weighted, by what is weighed.

    Attributes:
        quality: For what it does not retain.
        latency: For the time of a row.
        size: For its file.
        hops: For being an edge at all.
    """

    quality: float
    latency: float
    size: float
    hops: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.quality + self.latency + self.size + self.hops


def edge_terms(edge: Edge, preference: Preference) -> Terms:
    """Price an edge, term by term."""
    size = edge.signature.size_bytes if isinstance(edge, Segment) and edge.signature else 0
    return Terms(
        preference.quality * -log(_retention(edge)),
        preference.latency * latency_ms(edge),
        preference.size * size,
        preference.hops,
    )


def edge_cost(edge: Edge, preference: Preference) -> int:
    """Price an edge in millionths, so that sums are exact and equal costs are equal.

    Returns:
        At least 1, so that no cycle is ever free.
    """
    return max(1, round(min(edge_terms(edge, preference).total, _DEAREST) * _UNITS))


def latency_ms(edge: Edge) -> float:
    """Tell or estimate how long one row takes on one core.

    A measurement is the number `latency_ms` among the scores or the lineage of a segment.
    Without one a segment is taken to need 0.02 ms and 2 ms for each megabyte of its file, an
    exact oracle 0.2 ms, a synthetic one 20 ms.
    """
    if isinstance(edge, Oracle):
        exact = edge.exactness is Exactness.EXACT
        return _EXACT_ORACLE_MS if exact else _SYNTHETIC_ORACLE_MS
    score = edge.maybe_score(_LATENCY)
    measured = edge.lineage.get(_LATENCY) if score is None else score.value
    if isinstance(measured, int | float) and isfinite(measured) and measured >= 0:
        return float(measured)
    size = edge.signature.size_bytes if edge.signature else 0
    return _CALL_MS + _MS_PER_BYTE * size


def _retention(edge: Edge) -> float:
    if isinstance(edge, Oracle):
        return SYNTHETIC_RETENTION if edge.exactness is Exactness.SYNTHETIC else 1.0
    if not edge.is_transcoder:
        return 1.0
    score = edge.maybe_score(_SCORE)
    if score is None or not isfinite(score.value):
        return UNMEASURED_RETENTION
    return min(1.0, max(_LOWEST_RETENTION, score.value))
