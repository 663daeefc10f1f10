"""How familiar a value is to the transcoders that it passes."""

from dataclasses import dataclass

from typing_extensions import override

from transcoder.vocabulary._values import Value


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far a latent lies from those that a transcoder was trained on.

    Attributes:
        transcoder: Its name.
        version: Of the transcoder.
        distance: Mahalanobis distance from the training latents.
        percentile: How many of a hundred validation latents lie nearer: near 100, the latent is
            unlike what the transcoder knows.
        rows: How many validation latents it was calibrated on.
    """

    transcoder: str
    version: int
    distance: float
    percentile: float
    rows: int

    @override
    def __str__(self) -> str:
        return (
            f"{self.transcoder!r} #{self.version}: farther from its training latents than "
            f"{self.percentile:.0f} % of {self.rows:,} validation rows "
            f"(distance {self.distance:.3g})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Confident:
    """A converted value, and how familiar it was on its way.

    Attributes:
        value: At the end of the path.
        confidence: Of each transcoder on the path, in order; at least one.
    """

    value: Value
    confidence: tuple[Confidence, ...]
