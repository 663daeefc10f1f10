import numpy as np
import pytest

from transcoder.evaluation import Bootstrap, retention
from transcoder.vocabulary import Interval

_RANDOM = np.random.default_rng(0)


def _flips(chance: float, rows: int = 200) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return (_RANDOM.random(rows) < chance).astype(np.float64)


def test_the_interval_of_a_mean_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        interval = Bootstrap(resamples=300, seed=seed).mean(_flips(0.7))
        assert interval is not None
        covered += interval.low <= 0.7 <= interval.high
    assert 0.9 <= covered / 200 <= 0.99


def test_a_ratio_is_paired_row_by_row() -> None:
    native = _flips(0.6)
    chain = native * 1.0
    assert Bootstrap().ratio(chain, native) == Interval(1.0, 1.0)


def test_the_ratio_interval_holds_the_ratio() -> None:
    native = _flips(0.9)
    chain = native * _flips(0.8)
    score = retention(chain, native, name="test/retention", bootstrap=Bootstrap())
    assert score.interval is not None
    assert score.interval.low < score.value < score.interval.high < 0.95
    assert score.value == pytest.approx(chain.sum() / native.sum())
    assert (score.name, score.rows) == ("test/retention", 200)


def test_retention_may_exceed_one() -> None:
    score = retention(np.ones(10), _flips(0.5, 10), name="r", bootstrap=Bootstrap())
    assert score.value > 1


def test_a_difference_that_is_small_but_paired_is_seen() -> None:
    base = _RANDOM.normal(size=300) * 100
    interval = Bootstrap().difference(base + 0.5 + 0.1 * _RANDOM.normal(size=300), base)
    assert interval is not None
    assert interval.is_above_zero


def test_the_seed_determines_the_interval() -> None:
    scores = _flips(0.5)
    assert Bootstrap(seed=1).mean(scores) == Bootstrap(seed=1).mean(scores)
    assert Bootstrap(seed=1).mean(scores) != Bootstrap(seed=2).mean(scores)


def test_draws_in_parts_are_the_same_draws() -> None:
    scores = _flips(0.5, 5000)
    whole, short = Bootstrap(resamples=500).mean(scores), Bootstrap(resamples=400).mean(scores)
    assert whole is not None
    assert short is not None
    assert whole.low == pytest.approx(short.low, abs=5e-3)


def test_one_row_has_no_interval() -> None:
    one = np.ones(1)
    draws = Bootstrap()
    assert draws.mean(one) is draws.ratio(one, one) is draws.difference(one, one) is None


def test_a_native_chain_that_is_never_right_has_no_ratio() -> None:
    assert Bootstrap().ratio(np.ones(5), np.zeros(5)) is None
