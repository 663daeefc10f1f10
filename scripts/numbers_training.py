"""How the networks of the numbers world are fitted: short numbers often, the best kept."""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

# A share of each batch by the count of digits; nine in ten numbers have four.
_DIGIT_SHARES = {1: 0.04, 2: 0.12, 3: 0.24, 4: 0.60}


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn.

    Attributes:
        steps: Batches.
        batch: Rows in a batch.
        peak: Highest learning rate.
        seed: Seed of weights, batches and noise.
        checks: How often validation rows are asked.
    """

    steps: int
    batch: int
    peak: float
    seed: int
    checks: int = 20


class Autoencoder(nn.Module):
    """An encoder and a decoder that are fitted together.

    Args:
        encoder: From tokens to the latent.
        decoder: From the latent on.
        noise: Deviation of what is added to the latent in training.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, *, noise: float) -> None:
        super().__init__()
        self.noise = noise
        self.encoder = encoder
        self.decoder = decoder

    @override
    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (batch, time) to what the decoder makes of them."""
        hidden: Tensor = self.encoder(tokens)
        if self.training:
            hidden = hidden + self.noise * torch.randn_like(hidden)
        made: Tensor = self.decoder(hidden)
        return made


def batches(rows: NDArray[np.int64], schedule: Schedule) -> Iterator[NDArray[np.int64]]:
    """Draw batches of numbers, each count of digits by its share."""
    generator = np.random.default_rng(schedule.seed)
    digits = np.array([len(str(row)) for row in rows])
    pools = [rows[digits == count] for count in _DIGIT_SHARES]
    shares = list(_DIGIT_SHARES.values())
    for _ in range(schedule.steps):
        counts = generator.multinomial(schedule.batch, shares)
        drawn = [generator.choice(pool, n) for pool, n in zip(pools, counts, strict=True)]
        yield np.concatenate(drawn)


def fit(
    network: Autoencoder,
    drawn: Iterator[NDArray[np.int64]],
    schedule: Schedule,
    loss_of: Callable[[NDArray[np.int64]], Tensor],
    score: Callable[[], tuple[float, float]],
) -> None:
    """Train in place, and end with the weights that scored best on validation rows.

    Args:
        network: What to train.
        drawn: Batches of numbers.
        schedule: How long and how fast.
        loss_of: The loss of one batch, a scalar.
        score: The quality on validation rows, higher is better.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=schedule.peak, weight_decay=0.0)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, schedule.peak, total_steps=schedule.steps + 1, pct_start=0.15
    )
    best, kept = (-math.inf, -math.inf), copy.deepcopy(network.state_dict())
    every = max(1, schedule.steps // schedule.checks)
    for step, rows in enumerate(drawn, start=1):
        network.train()
        loss = loss_of(rows)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        cycle.step()
        if step % every == 0 or step == schedule.steps:
            network.eval()
            with torch.no_grad():
                reached = score()
            print(f"step {step}: loss {loss.item():.5f}, validation {reached}", flush=True)
            if reached >= best:
                best, kept = reached, copy.deepcopy(network.state_dict())
    network.load_state_dict(kept)
    network.eval()
