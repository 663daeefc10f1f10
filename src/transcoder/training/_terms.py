"""What the loss is made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from torch import nn

from transcoder.objectives import Objective, latent_objective
from transcoder.vocabulary import Scorer, Spec

SOURCE = "source"
"""The part of a batch that goes into the adapter, or into the prefix before it."""


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
    return Term(reference, Scorer.MSE, name, reference, name, weight=weight, scale=variance)


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
            yield replace(plain, name=f"{reference}_{name}", scale=1.0, objective=loss)


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
