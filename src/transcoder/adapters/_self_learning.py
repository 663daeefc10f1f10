"""Few pairs and many rows without partners: a map that finds further pairs itself."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from transcoder.adapters._affine import Affine
from transcoder.adapters._closed_form import fit_procrustes, fit_ridge, squared_error
from transcoder.adapters._moments import Moments
from transcoder.errors import DataError
from transcoder.neighbours import mutual_nearest

_FEW = 10
"""Pairs for each number of the source below which further ones are worth looking for."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Rows of both ends whose partners are not known.

    Attributes:
        source: Any floating type, (row, source_dim).
        target: Any floating type, (other, target_dim).
    """

    source: NDArray[np.floating]
    target: NDArray[np.floating]


def are_few(training: Moments) -> bool:
    """Whether pairs are so few that further ones are worth looking for."""
    return training.rows < _FEW * len(training.source_mean)


def fit_self_learning(
    training: Moments, validation: Moments, pools: Pools, *, rounds: int = 5
) -> Affine:
    """Fit on known pairs, then on these and on rows that find each other, round after round.

    In each round the source pool goes through the map, and what is mutually nearest by CSLS in
    the target pool counts as a pair, the nearer half of it, for rows without a true partner lie
    in the other (Artetxe, Labaka and Agirre 2017, "Learning bilingual word
    embeddings with (almost) no bilingual data"; with mutual neighbours by CSLS as in Conneau et
    al. 2018, "Word translation without parallel data"). Each map is Procrustes with scale or
    ridge, whichever has the higher R² on validation rows.

    Args:
        training: The known pairs.
        validation: The pairs that choose.
        pools: Of both ends, at least one row each; what both are pools of should be alike.
        rounds: How often further pairs are looked for.

    Raises:
        DataError: If there are fewer than two known pairs, no validation pair or an empty pool.
    """
    for end, pool in (("source", pools.source), ("target", pools.target)):
        if not len(pool):
            raise DataError("pools of latents", f"that of the {end} has no rows", "add rows")
    centre = pools.target.mean(axis=0)
    affine = _better(training, validation)
    for _ in range(rounds):
        given = affine.apply(pools.source)
        mine, other = mutual_nearest(given - centre, pools.target - centre)
        half = slice((len(mine) + 1) // 2)
        found = Moments.of([(pools.source[mine[half]], pools.target[other[half]])])
        affine = _better(training.joined(found), validation)
    return replace(affine, name="self_learning")


def _better(training: Moments, validation: Moments) -> Affine:
    maps = fit_procrustes(training, scale=True), fit_ridge(training, validation)
    return min(maps, key=lambda each: squared_error(each, validation))
