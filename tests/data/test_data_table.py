"""Tables and how their rows are split."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.data_worlds import dataset
from transcoder.data import Table, rows_of
from transcoder.errors import DataError, UnknownNameError
from transcoder.vocabulary import Split, SplitShares, Value, Waveform, split_of

WORDS = dataset("arrays", {}, english="text<en>")
HALVES = replace(WORDS, shares=SplitShares(test=0.3, validation=0.3))


def fingerprint(*values: Value) -> str:
    groups = [str(number) for number in range(len(values))]
    return Table("words", {"english": values}, groups=groups).fingerprint


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=26, max_size=60))
def test_splits_share_no_group_and_leave_no_row_out(groups: list[str]) -> None:
    groups += list("abcdefghijklmnopqrstuvwxyz")
    rows = rows_of(Table("words", {}, groups=groups), HALVES)
    assert sorted(np.concatenate(list(rows.values()))) == list(range(len(groups)))
    for split, numbers in rows.items():
        assert all(split_of(groups[number], HALVES.shares) is split for number in numbers)


def test_a_split_without_rows_is_named() -> None:
    one = Table("words", {}, groups=["a"])
    share = SplitShares(test=0.0, validation=0.0)
    with pytest.raises(DataError, match="none of its 1 groups falls into the validation split"):
        rows_of(one, replace(WORDS, shares=share))
    assert set(rows_of(Table("words", {}, groups=[*map(str, range(99))]), WORDS)) == set(Split)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match="'words' cannot be used: it has no rows"):
        Table("words", {"english": []}, groups=[])


def test_columns_of_different_length_are_told_with_their_lengths() -> None:
    with pytest.raises(DataError, match="column 'a' has 1 rows, column 'b' has 2 rows"):
        Table("words", {"a": ["x"], "b": ["x", "y"]}, groups=["g"])


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(UnknownNameError, match=r"no column of 'words' 'englisch'.*'english'"):
        Table("words", {"english": ["a"]}, groups=["g"]).column("englisch")


def test_equal_content_has_one_fingerprint() -> None:
    assert fingerprint("seven", "eight") == fingerprint("seven", "eight")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["seven", "eight"], ["seven", "nine"]),
        (["ab", "c"], ["a", "bc"]),
        (["7"], [7]),
        ([np.zeros(2)], [np.zeros(2, np.float32)]),
        ([np.zeros((1, 2))], [np.zeros((2, 1))]),
        ([Waveform(np.zeros(2, np.float32), 8)], [Waveform(np.zeros(2, np.float32), 9)]),
        ([{"vector": np.zeros(2)}], [{"vector": np.ones(2)}]),
    ],
)
def test_other_content_has_another_fingerprint(one: list[Value], other: list[Value]) -> None:
    assert fingerprint(*one) != fingerprint(*other)


def test_groups_belong_to_the_fingerprint_but_not_to_the_digest_of_a_column() -> None:
    one = Table("words", {"english": ["a", "b"]}, groups=["1", "2"])
    other = Table("words", {"english": ["a", "b"]}, groups=["1", "1"])
    assert one.fingerprint != other.fingerprint
    assert one.column_digest("english") == other.column_digest("english")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=3), min_size=1), st.lists(st.text(max_size=3)))
def test_rows_that_are_added_move_no_other_row(groups: list[str], added: list[str]) -> None:
    base = [*groups, *map(str, range(99))]
    before = rows_of(Table("words", {}, groups=base), HALVES)
    after = rows_of(Table("words", {}, groups=[*base, *added]), HALVES)
    for split, rows in before.items():
        assert after[split][: len(rows)].tolist() == rows.tolist()


def told_splits(groups: str, splits: Sequence[Split]) -> Table:
    return Table("words", {}, groups=[*groups], splits=splits)


def test_splits_that_a_dataset_says_itself_are_kept() -> None:
    splits = [Split.TEST, Split.TRAIN, Split.VALIDATION, Split.TRAIN]
    rows = rows_of(told_splits("abcb", splits), HALVES)
    assert {split: found.tolist() for split, found in rows.items()} == {
        Split.TRAIN: [1, 3],
        Split.VALIDATION: [2],
        Split.TEST: [0],
    }
    with pytest.raises(DataError, match="falls into the test split; add rows of that split to"):
        rows_of(told_splits("bcb", splits[1:]), HALVES)


def test_a_group_in_two_splits_of_the_dataset_is_refused() -> None:
    splits = [Split.TEST, Split.TRAIN, Split.VALIDATION, Split.TRAIN]
    told = (
        "the group 'a' stands in two of its splits, in test at row 0 and in train at row 3; "
        "put it into one, or leave split_column out"
    )
    with pytest.raises(DataError, match=told):
        rows_of(told_splits("abca", splits), HALVES)
