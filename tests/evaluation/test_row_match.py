import pytest

from transcoder.errors import DataError, UnknownNameError
from transcoder.evaluation import per_row_match, row_scores
from transcoder.vocabulary import Scorer


def test_text_and_labels_match_exactly_or_not() -> None:
    assert per_row_match(["eins", "zwei", 3], ["eins", "Zwei", 3]).tolist() == [
        True,
        False,
        True,
    ]


def test_exact_match_scores_one_or_zero() -> None:
    assert row_scores(Scorer.EXACT_MATCH, ["a", "b"], wanted=["a", "c"]).tolist() == [1, 0]


def test_tensors_cannot_be_matched() -> None:
    with pytest.raises(DataError, match="a value is dict; match texts or labels"):
        per_row_match(["a"], [{}])


def test_rows_that_are_missing_are_refused() -> None:
    with pytest.raises(DataError, match="1 values were given and 2 wanted"):
        per_row_match(["a"], ["a", "b"])


def test_a_scorer_without_a_judge_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no judge for the scorer 'ctc'"):
        row_scores(Scorer.CTC, ["a"], wanted=["a"])
