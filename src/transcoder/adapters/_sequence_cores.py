"""Trainable adapters that look at a whole sequence at once."""

from collections.abc import Mapping, Sequence
from math import log, sqrt
from typing import final

import torch
from torch import Tensor, nn
from typing_extensions import override

from transcoder.adapters._frame import Frame

_FAR = -1e9
"""Added to the score of what does not exist; finite, so that an empty row gives no NaN."""
_LONGEST_WAVE = 10_000.0


@final
class CrossAttention(nn.Module):
    """One block in which queries look at a sequence, then think (pre-norm).

    Vaswani et al. 2017, "Attention is all you need" (arXiv 1706.03762).

    Args:
        norms: Before the attention, and before the two layers that follow it.
        projections: Of queries, keys, values, and out, each (width, width).
        feed: What follows, from width to width.
        heads: How many attend side by side; they share the width.
    """

    def __init__(
        self,
        norms: Sequence[nn.LayerNorm],
        projections: Sequence[nn.Linear],
        feed: nn.Sequential,
        *,
        heads: int,
    ) -> None:
        super().__init__()
        self.before, self.between = norms
        self.query, self.key, self.value, self.out = projections
        self.feed = feed
        self.heads = heads

    @override
    def forward(self, queries: Tensor, seen: Tensor, exists: Tensor) -> Tensor:
        """Let queries (batch, query, width) look at (batch, time, width) where it exists."""
        query = self._split(self.query(self.before(queries)))
        key, value = self._split(self.key(seen)), self._split(self.value(seen))
        scores = query @ key.transpose(-1, -2) / sqrt(query.shape[-1])
        scores = scores + _FAR * (~exists)[:, None, None, :].to(scores.dtype)
        found = (scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)
        queries = queries + self.out(found)
        thought: Tensor = self.feed(self.between(queries))
        return queries + thought

    def _split(self, wide: Tensor) -> Tensor:
        heads = wide.reshape(*wide.shape[:-1], self.heads, wide.shape[-1] // self.heads)
        return heads.transpose(1, 2)


@final
class AttentionAdapter(nn.Module):
    """Learned queries look at whatever comes in: as many as the target has positions.

    One query pools a sequence into a vector (Lee et al. 2019, "Set transformer", arXiv
    1810.00825); several resample it to a set length (Alayrac et al. 2022, "Flamingo", arXiv
    2204.14198), or unfold a vector, which is a sequence of one.

    Args:
        frame: Both ends.
        enter: From the source's dim to the width.
        blocks: Of attention, one after the other.
        leave: From the width to the target's dim; zero at first where there is a start.
        queries: Their first values, (query, width).
        start: The closed form that it begins as, over the mean of the sequence, or None.
    """

    def __init__(
        self,
        frame: Frame,
        enter: nn.Linear,
        blocks: nn.ModuleList,
        leave: nn.Sequential,
        *,
        queries: Tensor,
        start: nn.Linear | None,
    ) -> None:
        super().__init__()
        self.frame = frame
        self.entrance = enter
        self.blocks = blocks
        self.exit = leave
        self.queries = nn.Parameter(queries)
        self.start = start

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map (batch, [time,] source dim) to (batch, [query,] target dim)."""
        given, exists = self.frame.enter_sequence(tensors)
        seen = self.entrance(given)
        seen = seen + waves(seen)
        found = self.queries.expand(seen.shape[0], -1, -1)
        for block in self.blocks:
            found = block(found, seen, exists)
        made: Tensor = self.exit(found)
        if not self.frame.target.is_sequence:
            made = made[:, 0]
        if self.start is not None:
            made = made + self.start(self.frame.enter(tensors))
        return self.frame.leave(made, tensors)


@final
class BiLstmAdapter(nn.Module):
    """A closed form for each position, plus two LSTMs that read the sequence both ways.

    Each row is turned round within its own length, so that padding is never read first.
    Schuster and Paliwal 1997, "Bidirectional recurrent neural networks", IEEE Transactions on
    Signal Processing 45.

    Args:
        frame: Both ends, sequences of equal length.
        readers: Forwards and backwards, from the source's dim to the hidden size.
        leave: From both hidden states to the target's dim; zero at first.
        start: The closed form that it begins as.
    """

    def __init__(
        self, frame: Frame, readers: Sequence[nn.LSTM], leave: nn.Linear, *, start: nn.Linear
    ) -> None:
        super().__init__()
        self.frame = frame
        self.forwards, self.backwards = readers
        self.exit = leave
        self.start = start

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map (batch, time, source dim) to (batch, time, target dim)."""
        given, exists = self.frame.enter_sequence(tensors)
        turned = _turned(exists)
        ahead, _ = self.forwards(given)
        back, _ = self.backwards(_reordered(given, turned))
        read = torch.cat([ahead, _reordered(back, turned)], dim=-1)
        return self.frame.leave(self.start(given) + self.exit(read), tensors)


def waves(like: Tensor) -> Tensor:
    """Tell positions apart: sines and cosines of rising length (Vaswani et al. 2017).

    Args:
        like: Of the shape (batch, time, width), the width even.

    Returns:
        (time, width).
    """
    time = torch.arange(like.shape[1], device=like.device, dtype=like.dtype)[:, None]
    half = torch.arange(0, like.shape[2], 2, device=like.device, dtype=like.dtype)
    angles = time * torch.exp(half * (-log(_LONGEST_WAVE) / like.shape[2]))
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _turned(exists: Tensor) -> Tensor:
    """Number the positions of each row from its end, (batch, time); padding keeps its place."""
    place = exists.to(torch.int64).cumsum(dim=1) - 1
    length = exists.to(torch.int64).sum(dim=1, keepdim=True)
    time = torch.ones_like(exists, dtype=torch.int64).cumsum(dim=1) - 1
    return torch.where(exists, length - 1 - place, time)


def _reordered(sequence: Tensor, order: Tensor) -> Tensor:
    return sequence.gather(1, order[..., None].expand(-1, -1, sequence.shape[2]))
