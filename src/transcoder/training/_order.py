"""Which rows an epoch consists of."""

from collections.abc import Sequence
from math import ceil
from typing import final

import numpy as np

from transcoder.training._loader import Rows
from transcoder.vocabulary import Content


@final
class ShuffledOrder:
    """Rows in an order that seed and epoch determine, rare strata more often if wanted.

    A stratum gets a share of the epoch in proportion to `count ** (1 - balance)`. Within it
    rows are dealt like cards: none comes again before all others of the stratum have come.

    Args:
        rows: Row numbers, (row).
        seed: Of the order; one number, or several that make one.
        strata: To which stratum each of these rows belongs; None makes them one stratum.
        balance: From 0, each row exactly once, to 1, every stratum equally often.
    """

    def __init__(
        self,
        rows: Rows,
        *,
        seed: int | tuple[int, int],
        strata: Sequence[Content] | None = None,
        balance: float = 0.0,
    ) -> None:
        self._seed = (seed,) if isinstance(seed, int) else seed
        self._strata = _members(rows, strata if balance > 0 else None)
        self._quotas = _quotas([len(each) for each in self._strata], balance)

    def __call__(self, epoch: int) -> Rows:
        """Give the rows of an epoch, (row)."""
        random = np.random.default_rng([*self._seed, epoch])
        dealt = [
            _dealt(members, quota, random)
            for members, quota in zip(self._strata, self._quotas, strict=True)
        ]
        return random.permutation(np.concatenate(dealt))


def _members(rows: Rows, strata: Sequence[Content] | None) -> list[Rows]:
    if strata is None:
        return [rows]
    labels = np.array([str(each) for each in strata])
    return [rows[labels == label] for label in np.unique(labels)]


def _quotas(counts: Sequence[int], balance: float) -> list[int]:
    shares = np.array(counts, dtype=np.float64) ** (1 - balance)
    exact = shares / shares.sum() * sum(counts)
    quotas = np.floor(exact).astype(int)
    surplus = sum(counts) - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:surplus]] += 1
    return [int(quota) for quota in quotas]


def _dealt(members: Rows, quota: int, random: np.random.Generator) -> Rows:
    rounds = ceil(quota / len(members))
    return np.concatenate([random.permutation(members) for _ in range(rounds)])[:quota]
