"""What every stage of a training run has at hand."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transcoder.recipe import RunConfig
from transcoder.registry import Registry
from transcoder.runs._narration import Narrator
from transcoder.runs._plan import TrainingPlan
from transcoder.sessions import Runner
from transcoder.vocabulary import Catalog, SegmentKey

if TYPE_CHECKING:
    from transcoder.training import Watch


@dataclass(frozen=True, slots=True, eq=False)
class Bureau:
    """What every stage of a run has at hand.

    Attributes:
        config: What was asked.
        registry: Where everything is kept.
        catalog: What is registered, the recipe's world included.
        plan: The learning graph.
        runner: Runs segments and oracles.
        narrator: Tells the user.
        folder: The run's own folder.
        identity: Digest of everything that determines the run.
        watch: Told the validation metrics of each epoch; may end the fit.
    """

    config: RunConfig
    registry: Registry
    catalog: Catalog
    plan: TrainingPlan
    runner: Runner
    narrator: Narrator
    folder: Path
    identity: str
    watch: "Watch | None" = None

    @property
    def learns_pairs(self) -> bool:
        """Whether there are pairs to learn from; without, a map is sought that needs none."""
        return self.plan.has_pairs and self.config.data.pairs != 0

    @property
    def key(self) -> SegmentKey:
        """Under what the transcoder is registered."""
        return SegmentKey(self.config.transcoder.model, self.plan.source, self.plan.target)
