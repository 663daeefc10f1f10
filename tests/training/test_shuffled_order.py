from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.training import ShuffledOrder

DIGITS = [1] * 10 + [2] * 90 + [3] * 900


def _counts(balance: float) -> Counter[int]:
    order = ShuffledOrder(np.arange(1000), seed=0, strata=DIGITS, balance=balance)
    return Counter(DIGITS[row] for row in order(0))


def test_without_balance_strata_come_as_they_are() -> None:
    assert _counts(0.0) == {1: 10, 2: 90, 3: 900}


def test_with_full_balance_every_stratum_comes_equally_often() -> None:
    assert sorted(_counts(1.0).values()) == [333, 333, 334]


def test_half_balance_follows_the_roots_of_the_counts() -> None:
    shares = np.sqrt([10, 90, 900])
    wanted = shares / shares.sum() * 1000
    assert [_counts(0.5)[digits] for digits in (1, 2, 3)] == pytest.approx(wanted, abs=1)


@settings(max_examples=50)
@given(
    strata=st.lists(st.sampled_from("abc"), min_size=1, max_size=40),
    balance=st.floats(0, 1),
    epoch=st.integers(0, 5),
)
def test_no_row_comes_again_before_all_others_of_its_stratum(
    strata: list[str], balance: float, epoch: int
) -> None:
    rows = np.arange(len(strata)) + 100
    drawn = ShuffledOrder(rows, seed=3, strata=strata, balance=balance)(epoch)
    assert len(drawn) == len(rows)
    for stratum in set(strata):
        times = Counter(int(row) for row in drawn if strata[row - 100] == stratum)
        often = [times[int(row)] for row in rows if strata[row - 100] == stratum]
        assert max(often) - min(often) <= 1


def test_only_the_given_rows_come() -> None:
    rows = np.array([3, 5, 7])
    assert sorted(ShuffledOrder(rows, seed=0)(0).tolist()) == [3, 5, 7]
