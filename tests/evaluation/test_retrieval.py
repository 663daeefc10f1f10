import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from transcoder.errors import DataError
from transcoder.evaluation import retrieval
from transcoder.vocabulary import Split

_RANDOM = np.random.default_rng(0)


def test_what_is_right_is_found_first_at_any_length() -> None:
    wanted = _RANDOM.normal(size=(30, 5))
    found = retrieval(wanted * 7, wanted)
    assert found.recall(1) == found.mrr == found.mean_rank == 1
    assert found.pool == 30


@settings(max_examples=30)
@drawn(rows=st.integers(1, 20), seed=st.integers(0, 50))
def test_ranks_are_those_of_a_plain_sort(rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    given, wanted = random.normal(size=(2, rows, 3))
    cosines = given @ wanted.T / np.linalg.norm(wanted, axis=1)
    plain = [int((row >= row[index]).sum()) for index, row in enumerate(cosines)]
    assert retrieval(given, wanted).ranks.tolist() == plain


def test_ranks_do_not_depend_on_how_the_pool_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    given, wanted = _RANDOM.normal(size=(2, 40, 6))
    whole = retrieval(given, wanted).ranks
    monkeypatch.setattr("transcoder.evaluation._retrieval._CHUNK", 7 * 40)
    assert (retrieval(given, wanted).ranks == whole).all()


def test_one_vector_for_everything_finds_nothing_by_ties() -> None:
    found = retrieval(np.ones((10, 3)), np.tile([1.0, 0.0, 0.0], (10, 1)))
    assert found.recall(1) == 0
    assert found.mean_rank == 10


def test_scores_are_named_by_split_and_carry_the_pool() -> None:
    wanted = _RANDOM.normal(size=(30, 5))
    scores = retrieval(wanted, wanted).scores(Split.TEST)
    names = ["recall_at_1", "recall_at_5", "recall_at_10", "mrr", "mean_rank"]
    assert [score.name for score in scores] == [f"test/{name}" for name in names]
    assert {score.rows for score in scores} == {30}


def test_a_pool_of_one_in_which_everything_is_found_has_no_scores() -> None:
    found = retrieval(np.ones((1, 2)), np.ones((1, 2)))
    assert found.mean_rank == 1
    assert found.scores(Split.TEST) == ()


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(DataError, match="the same rows of both, at least one"):
        retrieval(np.empty((0, 2)), np.empty((0, 2)))
