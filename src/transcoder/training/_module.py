"""The adapter among frozen nets, as Lightning sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, pi
from typing import Any, Self, TypeAlias, final

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from typing_extensions import override

from transcoder.objectives import cosine_distance
from transcoder.training._terms import SOURCE, LearningGraph

Parts: TypeAlias = Mapping[str, Mapping[str, Tensor]]
"""Named tensors of the source and of each reference, batch axis first."""

Batch: TypeAlias = Mapping[str, Parts]
"""The parts of each feed."""

_ADAPTER = "adapter."


DECAYS: Mapping[str, Callable[[float], float]] = {
    "cosine": lambda done: (1 + cos(pi * done)) / 2,
    "linear": lambda done: 1 - done,
    "constant": lambda _: 1.0,
}
"""What is left of the step size when a share of the steps after the warm-up is done."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """AdamW whose step size rises in a line, then falls.

    Attributes:
        steps: How many steps there will be.
        learning_rate: At the end of the rise.
        weight_decay: Per step, decoupled.
        warmup: Share of the steps in which the step size rises.
        decay: How it falls, one of `DECAYS`.
        fused: Whether one kernel steps all weights, which is quicker. Lightning refuses to clip
            gradients for it under mixed precision.
    """

    steps: int
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup: float = 0.05
    decay: str = "cosine"
    fused: bool = True

    def factor(self, step: int) -> float:
        """Give the share of the learning rate at a step.

        >>> schedule = Schedule(steps=100, warmup=0.1)
        >>> [round(schedule.factor(step), 2) for step in (0, 4, 9, 10, 55, 100)]
        [0.1, 0.5, 1.0, 1.0, 0.5, 0.0]
        """
        rising = round(self.warmup * self.steps)
        if step < rising:
            return (step + 1) / rising
        done = (step - rising) / max(self.steps - rising, 1)
        return DECAYS[self.decay](min(done, 1.0))


@final
class TranscoderModule(LightningModule):
    """Trains the adapter alone; everything frozen stays in `eval()` and out of checkpoints.

    Args:
        graph: The nets and what the loss is made of.
        schedule: How the adapter learns.
    """

    def __init__(self, graph: LearningGraph, schedule: Schedule) -> None:
        super().__init__()
        self.adapter = graph.adapter
        self.feeds = dict(graph.feeds)
        self.prefix = graph.prefix
        self.suffixes = nn.ModuleDict(
            {term.name: term.suffix for term in graph.terms if term.suffix is not None}
        )
        self.schedule = schedule
        self.strict_loading = False
        for frozen in self._frozen():
            frozen.requires_grad_(requires_grad=False).eval()

    @override
    def forward(self, source: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map a source's tensors, or what the prefix takes, to the target's tensors."""
        if self.prefix is not None:
            with torch.no_grad():
                source = self.prefix(source)
        given: dict[str, Tensor] = self.adapter(source)
        return given

    @override
    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Give the weighted loss of a batch; it is told as often as loggers listen."""
        metrics = self.measure(batch)
        every = self.trainer.log_every_n_steps  # type: ignore[attr-defined]  # set at run time
        if self.trainer.is_last_batch or (self.global_step + 1) % every == 0:
            self._log("train", metrics, batch)
        return metrics["loss"]

    @override
    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Measure a batch that chooses."""
        self._log("validation", self.measure(batch), batch)

    @override
    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Make AdamW with the schedule, whose length is the recipe's and not the trainer's."""
        trainable = [each for each in self.adapter.parameters() if each.requires_grad]
        optimizer = AdamW(
            trainable,
            self.schedule.learning_rate,
            weight_decay=self.schedule.weight_decay,
            fused=self.schedule.fused,
        )
        scheduler = LambdaLR(optimizer, self.schedule.factor)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    @override
    def train(self, mode: bool = True) -> Self:  # torch's own signature
        """Switch the adapter; frozen nets stay as they are."""
        super().train(mode)
        for frozen in self._frozen():
            frozen.eval()
        return self

    @override
    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave out the frozen nets, which the registry keeps."""
        weights = checkpoint["state_dict"]
        checkpoint["state_dict"] = {
            name: value for name, value in weights.items() if name.startswith(_ADAPTER)
        }

    def measure(self, batch: Batch) -> dict[str, Tensor]:
        """Give the weighted loss of a batch, each term's own, and a latent's cosine.

        Every feed counts alike, whatever its rows.
        """
        metrics: dict[str, Tensor] = {}
        losses = [self._feed_loss(name, parts, metrics) for name, parts in batch.items()]
        return {"loss": torch.stack(losses).mean()} | metrics

    def _feed_loss(self, feed: str, parts: Parts, metrics: dict[str, Tensor]) -> Tensor:
        given = self(parts[SOURCE])
        losses: list[Tensor] = []
        for term in self.feeds[feed]:
            rows = slice(term.rows if self.training else None)
            out = {name: value[rows] for name, value in given.items()}
            if term.suffix is not None:
                out = term.suffix(out)
            reference = parts[term.reference]
            value = term.compare(out, reference, rows)
            metrics[term.name] = value.detach()
            losses.append(term.weight * value)
            if term.suffix is None and not self.training:
                metrics["cosine"] = 1 - cosine_distance(
                    out[term.given], reference[term.wanted][rows]
                )
        return torch.stack(losses).sum()

    def _frozen(self) -> tuple[nn.Module, ...]:
        return (*self.suffixes.values(), *([] if self.prefix is None else [self.prefix]))

    def _log(self, stage: str, metrics: Mapping[str, Tensor], batch: Batch) -> None:
        rows = sum(len(next(iter(parts[SOURCE].values()))) for parts in batch.values())
        several = self.trainer.world_size > 1
        for name, value in metrics.items():
            self.log(
                f"{stage}/{name}",
                value,
                batch_size=rows,
                prog_bar=name == "loss",
                sync_dist=several and stage != "train",
            )
