"""From training opportunities to a learning graph, and from that to a trained adapter."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import torch
from torch import nn

from transcoder.adapters import AdapterSettings, Affine, Core, Statistics, build_adapter
from transcoder.training._data import LatentDataModule
from transcoder.training._fit import FitSettings, Fitted, fit_adapter
from transcoder.training._terms import LearningGraph, Term, latent_terms
from transcoder.vocabulary import EdgePath, Opportunity, Spec, TargetKind


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where an adapter begins.

    Attributes:
        affine: The closed form that it starts from, or None where none fits its ends.
        statistics: Of the training rows.
        seed: Of its first weights.
    """

    affine: Affine | None
    statistics: Statistics
    seed: int


def make_core(settings: AdapterSettings, source: Spec, target: Spec, *, start: Start) -> Core:
    """Make an adapter where it begins."""
    return build_adapter(
        settings,
        source,
        target=target,
        start=start.affine,
        statistics=start.statistics,
        generator=torch.Generator().manual_seed(start.seed),
    )


@dataclass(frozen=True, slots=True)
class TermSettings:
    """How the terms of the loss go together.

    Attributes:
        weights: How much each kind of target counts; 1 where it is not said.
        suffix_rows: How many rows of a training batch go through a frozen suffix, None for all.
        objectives: How much each loss between latents counts, by name.
    """

    weights: Mapping[TargetKind, float] = field(default_factory=dict)
    suffix_rows: int | None = None
    objectives: Mapping[str, float] = field(default_factory=lambda: {"mse": 1.0})


@final
class MetaTrainer:
    """Trains one missing transcoder from any of its opportunities, all sharing one adapter.

    Args:
        source: The spec of what the transcoder takes.
        target: The spec of what it gives.
        feeds: By the name of what is fed, the opportunities that share its input route; each
            is one term of the loss.
        build: Makes the frozen torch module of a differentiable path.
        spec_of: Gives the spec of the end of a path.
        prefix: Frozen nets that run at each step before the adapter; no edges for none.
    """

    def __init__(
        self,
        source: Spec,
        target: Spec,
        *,
        feeds: Mapping[str, Sequence[Opportunity]],
        build: Callable[[EdgePath], nn.Module],
        spec_of: Callable[[EdgePath], Spec],
        prefix: EdgePath,
    ) -> None:
        self._source = source
        self._target = target
        self._feeds = feeds
        self._build = build
        self._spec_of = spec_of
        self._prefix = prefix

    @property
    def term_names(self) -> Mapping[str, tuple[str, ...]]:
        """What the terms of each feed are called; also the parts of its batches they read."""
        counts: Counter[str] = Counter()
        named: dict[str, tuple[str, ...]] = {}
        for feed, opportunities in self._feeds.items():
            names = []
            for each in opportunities:
                counts[each.kind] += 1
                count = counts[each.kind]
                names.append(f"{each.kind}{count}" if count > 1 else str(each.kind))
            named[feed] = tuple(names)
        return named

    def graph(
        self, settings: AdapterSettings, *, start: Start, terms: TermSettings
    ) -> LearningGraph:
        """Put the adapter between the frozen nets.

        Args:
            settings: Which adapter.
            start: Where it begins.
            terms: How the terms of the loss go together.
        """
        adapter = make_core(settings, self._source, self._target, start=start)
        made = {
            feed: [
                term
                for name, each in zip(names, self._feeds[feed], strict=True)
                for term in self._terms(name, each, statistics=start.statistics, settings=terms)
            ]
            for feed, names in self.term_names.items()
        }
        prefix = self._build(self._prefix) if self._prefix.edges else None
        return LearningGraph(adapter, made, prefix)

    def fit(
        self,
        graph: LearningGraph,
        data: LatentDataModule,
        *,
        settings: FitSettings,
        run_dir: Path,
        progress: bool = True,
        begin: Path | None = None,
    ) -> Fitted:
        """Train the adapter; a run that was killed goes on from its last checkpoint."""
        return fit_adapter(
            graph, data, settings=settings, run_dir=run_dir, progress=progress, begin=begin
        )

    def _terms(
        self,
        name: str,
        opportunity: Opportunity,
        *,
        statistics: Statistics,
        settings: TermSettings,
    ) -> Iterator[Term]:
        weight = settings.weights.get(opportunity.kind, 1.0)
        if opportunity.kind is TargetKind.LATENT_MATCH:
            yield from latent_terms(
                self._target,
                settings.objectives,
                variance=statistics.target_variance,
                reference=name,
                weight=weight,
            )
            return
        is_cycle = opportunity.kind is TargetKind.CYCLE
        yield Term(
            name,
            opportunity.scorer,
            self._spec_of(opportunity.suffix).names[0],
            name,
            self._spec_of(opportunity.reference.path).names[0],
            suffix=self._build(opportunity.suffix),
            weight=weight,
            scale=statistics.source_variance if is_cycle else 1.0,
            rows=settings.suffix_rows,
        )
