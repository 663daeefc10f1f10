from dataclasses import replace

import numpy as np
import pytest

from transcoder.errors import DataError
from transcoder.evaluation import Judgement, choose_current, is_lost
from transcoder.vocabulary import Interval, Score


def _judged(name: str, right: int, rows: int = 200) -> Judgement:
    return Judgement(name, (), (np.arange(rows) < right).astype(np.float64), (), np.empty(0))


CLOSED = _judged("ridge", 150)


def test_a_net_that_wins_becomes_current_where_nothing_was() -> None:
    choice = choose_current(_judged("net", 190), [CLOSED])
    assert (choice.candidate, choice.becomes_current) == ("net", True)
    assert "'net' is better than the best closed form 'ridge' (0.950" in choice.why
    assert choice.why.endswith("nothing was current")


def test_a_net_that_loses_gives_way_to_the_closed_form() -> None:
    choice = choose_current(_judged("net", 120), [CLOSED])
    assert (choice.candidate, choice.becomes_current) == ("ridge", True)
    assert (
        "'net' is not better than the best closed form 'ridge' (0.600 against 0.750"
        in choice.why
    )


@pytest.mark.parametrize("right", [148, 150, 151])
def test_a_net_within_noise_of_its_closed_form_gives_way(right: int) -> None:
    assert choose_current(_judged("net", right), [CLOSED]).candidate == "ridge"


def test_the_cheapest_rung_within_noise_of_the_best_is_taken() -> None:
    rungs = [_judged("mean", 20), _judged("procrustes", 149), CLOSED]
    choice = choose_current(_judged("net", 151), rungs)
    assert choice.candidate == "procrustes"
    assert (
        "'procrustes' is the cheapest within noise of 'net' (0.755 against 0.745" in choice.why
    )


def test_a_recipe_that_insists_gets_the_net_and_is_told() -> None:
    choice = choose_current(_judged("net", 120), [CLOSED], insist=True)
    assert choice.candidate == "net"
    assert "'net' is taken because the recipe insists" in choice.why


def test_a_newcomer_that_is_better_replaces_the_current_version() -> None:
    choice = choose_current(_judged("net", 190), [CLOSED], present=_judged("version 3", 160))
    assert choice.becomes_current
    assert "'net' is better than the current version (0.950 against 0.800" in choice.why


@pytest.mark.parametrize("right", [190, 191, 150])
def test_a_newcomer_that_is_not_clearly_better_waits(right: int) -> None:
    choice = choose_current(
        _judged("net", 190), [CLOSED], present=_judged("version 3", right + 1)
    )
    if right == 150:
        assert choice.becomes_current
    else:
        assert not choice.becomes_current
        assert "'net' is not better than the current version" in choice.why


def test_insisting_replaces_and_says_so() -> None:
    present = _judged("version 3", 200)
    choice = choose_current(_judged("net", 190), [CLOSED], present=present, replace=True)
    assert choice.becomes_current
    assert choice.why.endswith("it was to be replaced in any case")


@pytest.mark.parametrize("rows", [2, 5])
def test_a_handful_of_rows_proves_nothing_even_if_all_agree(rows: int) -> None:
    better, worse = _judged("net", rows, rows=rows), _judged("version 1", 0, rows=rows)
    choice = choose_current(better, [_judged("ridge", 0, rows=rows)], present=worse)
    assert (choice.candidate, choice.becomes_current) == ("ridge", False)
    assert f"{rows} validation rows separate nothing" in choice.why


def test_one_row_proves_nothing() -> None:
    better, worse = _judged("net", 1, rows=1), _judged("version 1", 0, rows=1)
    choice = choose_current(better, [_judged("ridge", 0, rows=1)], present=worse)
    assert not choice.becomes_current
    assert "one validation row separates nothing" in choice.why
    assert "difference of one row" in choice.why


def test_judgements_of_other_rows_are_refused() -> None:
    with pytest.raises(DataError, match="'net' has 10 rows and 'ridge' has 200"):
        choose_current(_judged("net", 5, rows=10), [CLOSED])


def _apart(name: str, right: int, low: float, high: float) -> Judgement:
    r2 = Score("validation/r2", (low + high) / 2, 200, Interval(low, high))
    return replace(_judged(name, right), scores=(r2,))


def test_what_lies_further_off_than_the_mean_is_not_taken_for_its_direction() -> None:
    identity, ridge = _apart("identity", 151, -1.1, 0.1), _apart("ridge", 150, 0.1, 0.2)
    assert choose_current(_apart("net", 149, 0.1, 0.2), [identity, ridge]).candidate == "ridge"
    assert is_lost(identity)
    judged = Score("validation/retention", 0.9, 200)
    assert not is_lost(replace(identity, scores=(*identity.scores, judged)))


def test_what_says_no_more_than_the_mean_is_told_and_not_made_current() -> None:
    mean, net = _apart("mean", 150, -1e-6, 0.0), _apart("net", 150, -0.01, 0.02)
    choice = choose_current(net, [mean])
    assert (choice.candidate, choice.becomes_current) == ("mean", False)
    assert choice.why.endswith(
        "it says no more than the mean vector, so that nothing was learnt"
    )
    assert choose_current(net, [mean], replace=True).becomes_current
