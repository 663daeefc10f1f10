"""Ways in which a missing transcoder could be trained."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from typing_extensions import override

from transcoder.vocabulary._edge import EdgePath, Exactness, Oracle, Segment
from transcoder.vocabulary._modality import Modality, Scorer


class TargetKind(StrEnum):
    """What the adapter's output is compared with."""

    LATENT_MATCH = "latent"
    OUTPUT_MATCH = "output"
    CYCLE = "cycle"
    UNPAIRED = "unpaired"


class Grade(IntEnum):
    """How much the pairs are worth, best first."""

    REAL = 0
    SYNTHETIC = 1
    CYCLE = 2
    UNPAIRED = 3


@dataclass(frozen=True, slots=True)
class Route:
    """A path that begins at a column of a dataset; all of it is computed once."""

    dataset: str
    column: str
    path: EdgePath

    @property
    def is_synthetic(self) -> bool:
        """Whether a synthetic oracle or a transcoder stands on it, whose output is a guess."""
        return any(
            edge.exactness is Exactness.SYNTHETIC
            if isinstance(edge, Oracle)
            else edge.is_transcoder
            for edge in self.path.edges
        )

    @override
    def __str__(self) -> str:
        return f"{self.dataset}.{self.column}: {self.path}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What an opportunity asks for, in milliseconds of one core.

    Attributes:
        per_row_ms: Once for each row: the routes.
        per_step_ms: For each row at each training step: the frozen suffix.
    """

    per_row_ms: float
    per_step_ms: float

    @property
    def total(self) -> float:
        """One number to rank by: a step is taken some tens of times for each row."""
        return self.per_row_ms + 50 * self.per_step_ms


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A learning graph for one missing transcoder: `compare(suffix(M(input)), reference)`.

    Attributes:
        source: The modality A that the transcoder takes.
        target: The modality B that it gives.
        kind: What is compared.
        grade: How much the pairs are worth.
        input: From a column to A.
        suffix: From B to what is compared; no edges where the latent itself is.
        reference: From a column to what it is compared with.
        scorer: The measure that compares.
        cost: What it asks for.
    """

    source: Modality
    target: Modality
    kind: TargetKind
    grade: Grade
    input: Route
    suffix: EdgePath
    reference: Route
    scorer: Scorer
    cost: Cost

    @property
    def sentence(self) -> str:
        """Say in plain words what would be trained, from what, against what."""
        scored = (
            f"match {self.target}"
            if not self.suffix.edges
            else f"match {self.suffix.target} behind {_models(self.suffix)}"
        )
        pairs = {
            Grade.REAL: "real pairs",
            Grade.SYNTHETIC: "pairs through a synthetic oracle or a transcoder",
            Grade.CYCLE: "a cycle over one column",
            Grade.UNPAIRED: "rows without pairs",
        }[self.grade]
        return (
            f"{self.kind.value}: take column {self.input.column!r} of {self.input.dataset!r} "
            f"to {self.source}, train {self.source} -> {self.target} to {scored} from column "
            f"{self.reference.column!r} by {self.scorer.value} ({pairs}; "
            f"{self.cost.per_row_ms:.2f} ms a row once, {self.cost.per_step_ms:.2f} ms a row "
            "at each step)"
        )


@dataclass(frozen=True, slots=True)
class JudgedChain:
    """A whole chain through the transcoder, beside the sink's own native chain.

    Attributes:
        dataset: Where the rows come from.
        column: The column that is put in.
        reference: The column that holds the right answers.
        before: From the column's modality to A.
        after: From B to the content that is scored.
        native: From the sink's own source to the same content, never through the transcoder.
        native_column: The column that is put into the native chain.
        scorer: How the content is scored against the reference.
        is_pivot: Whether no network leads to B, so that another way to the same content stands
            in the native chain's place.
    """

    dataset: str
    column: str
    reference: str
    before: EdgePath
    after: EdgePath
    native: EdgePath
    native_column: str
    scorer: Scorer
    is_pivot: bool = False

    @property
    def name(self) -> str:
        """Say which it is: the column, networks and guesses before A, the reference."""
        by = dict.fromkeys(
            edge.name
            for edge in self.before.edges
            if isinstance(edge, Segment) or edge.exactness is Exactness.SYNTHETIC
        )
        through = f" by {', '.join(by)}" if by else ""
        return f"{self.dataset}.{self.column}{through} to {self.reference}"


def _models(path: EdgePath) -> str:
    return " and ".join(repr(edge.name) for edge in path.edges)
