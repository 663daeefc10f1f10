"""No pairs at all: a map between two clouds of rows that have the same shape, or none.

Mini-vec2vec (arXiv 2510.02348): clusters of both sides are matched by how alike their mutual
cosines are, rows are described by their cosines to matched clusters, and a rotation is refined
from there. Rotations that start at random show what such a refinement reaches from nowhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import quadratic_assignment

from transcoder.adapters._affine import Affine
from transcoder.adapters._clusters import cluster_means
from transcoder.adapters._moments import Matrix, Moments
from transcoder.adapters._self_learning import Pools, fit_self_learning
from transcoder.errors import UnpairedError
from transcoder.neighbours import cosine_blocks, mutual_nearest, unit_rows

_ROWS = 2000
"""Of each side, at most, that a rotation is looked for among."""
_RUNS, _KEPT, _CLUSTERS, _TRIES = 30, 10, 30, 15
_NEAR = 50
_STEPS, _STEP_ROWS, _KEEP = 40, 1000, 0.5
_ROUNDS = 5
_CONTROLS = 5
_AGREE, _BETTER = 0.9, 1.4

Clouds: TypeAlias = tuple[Matrix, Matrix]
"""Directions of the rows of both sides from their means, (row, dim) and (other, other_dim)."""

Numbers: TypeAlias = NDArray[np.int64]
"""Numbers of rows or clusters."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Unpaired:
    """A map that was found without a pair, and what speaks for it.

    Attributes:
        affine: The map.
        share: How many rows have a mutual neighbour on the other side, as a share.
        control: The same after starts at random, the median.
        agreeing: How many starts led to this map.
        starts: How many were made.
    """

    affine: Affine
    share: float
    control: float
    agreeing: int
    starts: int


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    weight: Matrix
    given: Matrix
    share: float


def without_pairs(pools: Pools) -> Moments:
    """Give the moments of both ends, as of rows that have nothing to do with one another."""
    rows = min(len(pools.source), len(pools.target))
    moments = Moments.of([(pools.source[:rows], pools.target[:rows])])
    return replace(moments, cross_products=np.zeros_like(moments.cross_products))


def fit_unpaired(pools: Pools, *, seed: int = 0, starts: int = 20) -> Unpaired:
    """Find the map under which two pools lie on one another, if starts agree that there is one.

    Starts are made until two of them lead to one map that joins clearly more rows with a mutual
    neighbour than starts at random do. From the nearer half of these neighbours `self_learning`
    goes on, with a fifth of them for validation.

    Args:
        pools: Of both ends; what both are pools of should be alike, their rows need not be.
        seed: Of the clusters, the matchings and the control.
        starts: How many are made before it is given up.

    Raises:
        UnpairedError: If no two starts agree, or on nothing better than the control.
    """
    random = np.random.default_rng(seed)
    clouds = _directions(pools.source, random), _directions(pools.target, random)
    control = float(np.median([_refined(_turn(clouds, random), clouds, random).share
                               for _ in range(_CONTROLS)]))  # fmt: skip
    found: list[_Found] = []
    for _ in range(starts):
        found.append(_refined(_matched(clouds, random), clouds, random))
        best = max(found, key=lambda each: each.share)
        agreeing = sum(_cosine(each, best) > _AGREE for each in found)
        if agreeing > 1 and best.share > _BETTER * control:
            affine = _finished(best.weight, pools)
            return Unpaired(affine, best.share, control, agreeing, len(found))
    best = max(found, key=lambda each: each.share)
    raise UnpairedError(best.share, control, len(found))


def _directions(rows: NDArray[np.floating], random: np.random.Generator) -> Matrix:
    exact = np.asarray(rows, dtype=np.float64)
    some = exact[random.permutation(len(exact))[:_ROWS]]
    return unit_rows(some - some.mean(axis=0))


def _turn(clouds: Clouds, random: np.random.Generator) -> Matrix:
    source, target = (each.shape[1] for each in clouds)
    return _rotation(random.standard_normal((source, target)))


def _rotation(cross: Matrix) -> Matrix:
    """Give the nearest map that only turns, (dim, other_dim)."""
    left, _, right = np.linalg.svd(cross, full_matrices=False)
    turned: Matrix = left @ right
    return turned


def _matched(clouds: Clouds, random: np.random.Generator) -> Matrix:
    """Match clusters many times, and turn each row onto those that see them alike."""
    runs = sorted(_matchings(clouds, random), key=lambda each: -each[0])[:_KEPT]
    mine, other = (np.concatenate([run[side] for run in runs]) for side in (1, 2))
    x, y = clouds
    return _rotation(x.T @ _mean_of_near(x @ mine.T, y @ other.T, y))


def _matchings(
    clouds: Clouds, random: np.random.Generator
) -> Iterator[tuple[float, Matrix, Matrix]]:
    """Give how alike matched clusters are, and their directions on both sides."""
    for _ in range(_RUNS):
        mine, other = (unit_rows(cluster_means(each, _CLUSTERS, random)) for each in clouds)
        count = min(len(mine), len(other))
        mine, other = mine[:count], other[:count]
        first, second = mine @ mine.T, other @ other.T
        place = _best_matching(first, second, random)
        alike = float((first * second[np.ix_(place, place)]).sum())
        most = float(np.linalg.norm(first) * np.linalg.norm(second))
        yield alike / (most or 1.0), mine, other[place]


def _best_matching(first: Matrix, second: Matrix, random: np.random.Generator) -> Numbers:
    """Match by FAQ from several starts, then by exchanges of two."""
    count = len(first)
    tried = []
    for _ in range(_TRIES):
        start = (np.eye(count)[random.permutation(count)] + 1 / count) / 2
        options = {"maximize": True, "P0": start, "rng": random}
        tried.append(quadratic_assignment(first, second, method="faq", options=options))
    best = max(tried, key=lambda each: float(each.fun))
    guess = np.stack([np.arange(count), best.col_ind], axis=1)
    options = {"maximize": True, "partial_guess": guess, "rng": random}
    polished = quadratic_assignment(first, second, method="2opt", options=options)
    return np.asarray(polished.col_ind)


def _mean_of_near(given: Matrix, wanted: Matrix, rows: Matrix) -> Matrix:
    """Average the rows that lie nearest to what is given, (row, other_dim)."""
    x, y = (unit_rows(each).astype(np.float32) for each in (given, wanted))
    count = min(_NEAR, len(y))
    means = np.empty((len(x), rows.shape[1]))
    for start, cosines in cosine_blocks(x, y):
        near = np.argpartition(cosines, -count, axis=1)[:, -count:]
        means[start : start + len(cosines)] = rows[near].mean(axis=1)
    return means


def _refined(weight: Matrix, clouds: Clouds, random: np.random.Generator) -> _Found:
    """Turn step by step towards what lies near, then onto mutual neighbours."""
    x, y = clouds
    for _ in range(_STEPS):
        some = x[random.permutation(len(x))[:_STEP_ROWS]]
        turned = _rotation(some.T @ _mean_of_near(some @ weight, y, y))
        weight = _KEEP * weight + (1 - _KEEP) * turned
    for _ in range(_ROUNDS):
        mine, other = _nearer_half(x @ weight, y)
        weight = _rotation(x[mine].T @ y[other])
    given = x @ weight
    share = len(mutual_nearest(given, y)[0]) / min(len(x), len(y))
    return _Found(weight, unit_rows(given), share)


def _nearer_half(given: Matrix, wanted: Matrix) -> tuple[Numbers, Numbers]:
    mine, other = mutual_nearest(given, wanted)
    half = slice((len(mine) + 1) // 2)
    return mine[half], other[half]


def _cosine(first: _Found, second: _Found) -> float:
    return float((first.given * second.given).sum(axis=1).mean())


def _finished(weight: Matrix, pools: Pools) -> Affine:
    """Fit a map on mutual neighbours among all rows, and let it learn by itself from there."""
    x, y = (np.asarray(each, dtype=np.float64) for each in (pools.source, pools.target))
    mine, other = _nearer_half((x - x.mean(axis=0)) @ weight, y - y.mean(axis=0))
    fifth = np.arange(len(mine)) % 5 == 0
    training, validation = (
        Moments.of([(x[mine[kept]], y[other[kept]])]) for kept in (~fifth, fifth)
    )
    return replace(fit_self_learning(training, validation, pools), name="unpaired")
