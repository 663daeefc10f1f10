"""What the loss is made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import torch
from torch import Tensor, nn

from transcoder.adapters import MASK, end_of
from transcoder.objectives import Objective, ctc, latent_objective, objective_for
from transcoder.vocabulary import Scorer, Spec

SOURCE = "source"
"""The part of a batch that goes into the adapter, or into the prefix before it."""


_AMONG_ROWS = frozenset({"info_nce", "ranking", "hardest_ranking", "distances"})
"""Losses that compare each row with all others, whose cost grows with their square."""


class Positions(Enum):
    """How sequences become rows that a loss compares."""

    EACH = "each position that exists is a row"
    POOLED = "the mean over the positions that exist is a row"


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One weighted comparison: `weight * compare(suffix(adapter(source)), reference) / scale`.

    Attributes:
        name: What its metrics are called: `train/<name>`.
        scorer: The measure that compares.
        given: Which tensor is compared, of the suffix's output, or the adapter's without one.
        reference: Which part of a batch it is compared with.
        wanted: Which tensor of that part.
        suffix: The frozen nets behind the adapter, or None where its own output is compared.
        weight: How much it counts.
        scale: What its loss is divided by, so that weights of several terms compare.
        rows: How many rows of each training batch it takes, None for all: a suffix that is
            dear sees some, in an order that is random anyway. Validation takes all.
        objective: What compares in the scorer's place.
        positions: How the positions of two sequences are compared; None for vectors.
    """

    name: str
    scorer: Scorer
    given: str
    reference: str
    wanted: str
    suffix: nn.Module | None = None
    weight: float = 1.0
    scale: float = 1.0
    rows: int | None = None
    objective: Objective | None = None
    positions: Positions | None = None

    def compare(
        self, made: Mapping[str, Tensor], reference: Mapping[str, Tensor], rows: slice
    ) -> Tensor:
        """Measure what was made of some rows of a batch against their reference.

        Args:
            made: The tensors behind the suffix, or the adapter's own, batch axis first, of
                these rows alone.
            reference: The tensors that it is compared with, of the whole batch.
            rows: Which of the batch.

        Returns:
            A scalar, over the scale.
        """
        given, wanted = made[self.given], reference[self.wanted][rows]
        if self.scorer is Scorer.CTC and self.objective is None:
            steps = made.get(MASK, torch.ones_like(given[..., 0], dtype=torch.bool))
            return ctc(given, wanted, steps) / self.scale
        if self.positions is not None:
            exists = reference[MASK][rows] if MASK in reference else None
            given, wanted = (_as_rows(each, exists, self.positions) for each in (given, wanted))
        return (self.objective or objective_for(self.scorer))(given, wanted) / self.scale


def _as_rows(sequence: Tensor, exists: Tensor | None, positions: Positions) -> Tensor:
    """Turn (batch, time, dim) into rows (row, dim)."""
    if positions is Positions.POOLED:
        if exists is None:
            return sequence.mean(dim=1)
        counts = exists.sum(dim=1, keepdim=True).clamp(min=1)
        return (sequence * exists[..., None]).sum(dim=1) / counts
    return sequence.flatten(0, 1) if exists is None else sequence[exists]


def latent_term(
    target: Spec, *, variance: float, reference: str = "latent", weight: float = 1.0
) -> Term:
    """Match the first tensor of a latent by squared error, in shares of its variance: 1 - R².

    Args:
        target: What the adapter gives.
        variance: Mean variance of the target's columns over training rows.
        reference: Which part of a batch holds the wanted latent; also the term's name.
        weight: How much it counts.
    """
    name = target.names[0]
    return Term(
        reference,
        Scorer.MSE,
        name,
        reference,
        name,
        weight=weight,
        scale=variance,
        positions=Positions.EACH if end_of(target).is_sequence else None,
    )


def latent_terms(
    target: Spec,
    objectives: Mapping[str, float],
    *,
    variance: float,
    reference: str,
    weight: float,
) -> Iterator[Term]:
    """Match a latent by several objectives; that by squared error keeps the reference's name.

    Args:
        target: What the adapter gives.
        objectives: How much each counts within the latent's weight; 0 leaves it out.
        variance: Mean variance of the target's columns over training rows.
        reference: Which part of a batch holds the wanted latent.
        weight: How much all of them count.
    """
    for name, share in objectives.items():
        plain = latent_term(
            target, variance=variance, reference=reference, weight=weight * share
        )
        if share and name == "mse":
            yield plain
        elif share:
            loss = latent_objective(name, variance**0.5)
            term = replace(plain, name=f"{reference}_{name}", scale=1.0, objective=loss)
            pooled = term.positions is not None and name in _AMONG_ROWS
            yield replace(term, positions=Positions.POOLED) if pooled else term


@dataclass(frozen=True, slots=True, eq=False)
class LearningGraph:
    """The nets of one training: `prefix -> adapter -> each term's suffix`.

    Attributes:
        adapter: The trainable net, from named tensors to named tensors.
        feeds: By the name of what is fed, what its loss is made of; all terms of a feed
            compare one and the same output of the adapter.
        prefix: The frozen nets before the adapter where they run at each step, else None.
    """

    adapter: nn.Module
    feeds: Mapping[str, Sequence[Term]]
    prefix: nn.Module | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """Those of all feeds, in order."""
        return tuple(term for terms in self.feeds.values() for term in terms)
