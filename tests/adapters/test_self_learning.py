import numpy as np
import pytest

from transcoder.adapters import (
    Affine,
    Moments,
    Pools,
    are_few,
    fit_ladder,
    fit_ridge,
    fit_self_learning,
)
from transcoder.errors import DataError

Rows = np.ndarray


def spaces(rows: int = 900) -> tuple[Rows, Rows]:
    """The same things in two noisy spaces, (row, 40) and (row, 32)."""
    random = np.random.default_rng(0)
    things = random.standard_normal((rows, 16)) * np.linspace(1, 2, 16)
    first, second = (
        things @ random.standard_normal((16, dim)) + random.standard_normal((rows, dim)) + 3
        for dim in (40, 32)
    )
    return first, second


X, Y = spaces()
TRAINING, VALIDATION = Moments.of([(X[:14], Y[:14])]), Moments.of([(X[14:20], Y[14:20])])
TEST = slice(600, 900)


def r2(affine: Affine) -> float:
    error = ((affine.apply(X[TEST]) - Y[TEST]) ** 2).sum()
    return float(1 - error / ((Y[TEST] - Y[TEST].mean(axis=0)) ** 2).sum())


def test_twenty_pairs_and_two_pools_do_what_hundreds_of_pairs_do() -> None:
    pools = Pools(X[20:600], Y[20:600][np.random.default_rng(1).permutation(580)])
    learnt = fit_self_learning(TRAINING, VALIDATION, pools)
    many = fit_ridge(Moments.of([(X[:600], Y[:600])]), Moments.of([(X[TEST], Y[TEST])]))
    assert learnt.name == "self_learning"
    assert r2(fit_ridge(TRAINING, VALIDATION)) < 0.9 < r2(many) - 0.03
    assert r2(learnt) > r2(many) - 0.02


def test_pools_that_share_a_third_of_their_rows_still_help() -> None:
    pools = Pools(X[20:320], Y[220:520])
    learnt = fit_self_learning(TRAINING, VALIDATION, pools)
    assert r2(learnt) > r2(fit_ridge(TRAINING, VALIDATION)) + 0.05


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(DataError, match="that of the target has no rows; add rows"):
        fit_self_learning(TRAINING, VALIDATION, Pools(X[:5], Y[:0]))


def test_self_learning_is_a_rung_where_there_are_pools() -> None:
    names = [each.name for each in fit_ladder(TRAINING, VALIDATION)]
    pools = Pools(X[20:600], Y[20:600])
    rungs = fit_ladder(TRAINING, VALIDATION, pools)
    assert [each.name for each in rungs] == [*names, "self_learning"]


def test_pairs_are_few_below_ten_for_each_number_of_the_source() -> None:
    assert are_few(Moments.of([(X[:399], Y[:399])]))
    assert not are_few(Moments.of([(X[:400], Y[:400])]))
