"""One latent that many networks share: an encoder into it and a decoder out of it for each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from transcoder.training._loader import Rows, Stored
from transcoder.training._terms import SOURCE, LearningGraph, Term
from transcoder.vocabulary import Scorer, Tensors

_APART, _ZEROS = "apart", "zeros"


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A network's latent at the hub.

    Attributes:
        name: What tells it from others.
        tensor: Of its spec.
        variance: Mean variance of its columns over training rows.
        encoder: From its tensors to the hub's.
        decoder: From the hub's tensors to its own.
    """

    name: str
    tensor: str
    variance: float
    encoder: nn.Module
    decoder: nn.Module


@final
class HubNet(nn.Module):
    """All ways through the hub at once, for rows that every member has a latent of.

    Args:
        members: Two or more.
        hub: What the hub's tensor is called.
        has_cycles: Whether the way on to the next member and back is taken too.
    """

    def __init__(self, members: Sequence[Member], hub: str, *, has_cycles: bool) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(each.encoder for each in members)
        self.decoders = nn.ModuleList(each.decoder for each in members)
        self.names = [each.name for each in members]
        self.tensors = [each.tensor for each in members]
        self.hub = hub
        self.has_cycles = has_cycles

    @override
    def forward(self, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map each member's latent (batch, dim), by its name, to all that the loss compares."""
        inner = [self._encoded(place, given[name]) for place, name in enumerate(self.names)]
        made: dict[str, Tensor] = {}
        for place, name in enumerate(self.names):
            for goal, wanted in enumerate(self.names):
                made[way(name, wanted)] = self._decoded(goal, inner[place])
            if self.has_cycles:
                after = (place + 1) % len(self.names)
                onward = self._encoded(after, made[way(name, self.names[after])])
                made[way(name, name, "cycle")] = self._decoded(place, onward)
        stacked = torch.stack(inner)
        made[_APART] = (stacked - stacked.mean(dim=0)).transpose(0, 1).flatten(1)
        return made

    def _encoded(self, place: int, latent: Tensor) -> Tensor:
        encoded: Tensor = self.encoders[place]({self.tensors[place]: latent})[self.hub]
        return encoded

    def _decoded(self, place: int, inner: Tensor) -> Tensor:
        decoded: Tensor = self.decoders[place]({self.hub: inner})[self.tensors[place]]
        return decoded


def way(source: str, target: str, kind: str = "") -> str:
    """Name what came of one member's latent as another's."""
    return f"{source}>{target}{kind}"


def hub_graph(
    members: Sequence[Member], hub: str, *, feed: str, agreement: float, cycle: float
) -> LearningGraph:
    """Put every way through the hub beside what it should give.

    A latent that comes back to its own member is reconstruction, one that comes to another is
    translation; what all members make of one row should agree in the hub; and the way on to the
    next member and back should lead to where it began (Zhu et al. 2017, arXiv 1703.10593).

    Args:
        members: Two or more.
        hub: What the hub's tensor is called.
        feed: The name of what is fed.
        agreement: How much it counts that all encoders give one vector for one row.
        cycle: How much cycles count; 0 leaves them out.
    """
    net = HubNet(members, hub, has_cycles=cycle > 0)
    terms = list(_terms(members, agreement, cycle))
    return LearningGraph(net, {feed: terms})


def _terms(members: Sequence[Member], agreement: float, cycle: float) -> Iterator[Term]:
    if agreement > 0:
        yield Term("agreement", Scorer.MSE, _APART, _ZEROS, _ZEROS, weight=agreement)
    share = 1 / len(members) ** 2
    for each in members:
        for other in members:
            given = way(each.name, other.name)
            yield _matching(given, given, other, share)
        if cycle > 0:
            given = way(each.name, each.name, "cycle")
            yield _matching(given, given, each, cycle / len(members))


def _matching(name: str, given: str, wanted: Member, weight: float) -> Term:
    plain = name.replace("{", "").replace("}", "")
    return Term(
        plain,
        Scorer.MSE,
        given,
        wanted.name,
        wanted.tensor,
        weight=weight,
        scale=wanted.variance,
    )


@final
class _Together:
    """The latents of all members, each under its member's name."""

    def __init__(self, stored: Mapping[str, tuple[Stored, str]]) -> None:
        self._stored = stored

    def take(self, rows: Rows) -> Tensors:
        """Read rows of every member, batch axis first."""
        return {name: each.take(rows)[tensor] for name, (each, tensor) in self._stored.items()}


@final
class _Zeros:
    """As many zeros as the hub has numbers, for all members."""

    def __init__(self, width: int) -> None:
        self._width = width

    def take(self, rows: Rows) -> Tensors:
        """Give zeros, (row, width)."""
        return {_ZEROS: np.zeros((len(rows), self._width), dtype=np.float32)}


def hub_parts(
    members: Sequence[Member], stored: Mapping[str, Stored], hub_dim: int
) -> dict[str, Stored]:
    """Give the parts of a batch that a hub's terms read.

    Args:
        members: Two or more.
        stored: By member, its latents.
        hub_dim: Length of the hub's vectors.
    """
    together = {each.name: (stored[each.name], each.tensor) for each in members}
    parts: dict[str, Stored] = {SOURCE: _Together(together)}
    parts |= {each.name: stored[each.name] for each in members}
    return parts | {_ZEROS: _Zeros(hub_dim * len(members))}
