"""Rows to batches and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.sessions import collate, join_batches, split_rows
from transcoder.vocabulary import Array, Spec

PLAIN = Spec.parse("tokens: int64[batch, time]")
MASKED = Spec.parse("hidden: float32[batch, 2, time]", "mask: bool[batch, time]")

lengths_of_rows = st.lists(st.integers(0, 6), min_size=1, max_size=5)


def masked_row(length: int) -> dict[str, Array]:
    hidden = np.arange(2 * length, dtype=np.float32).reshape(2, length) + 1
    return {"hidden": hidden, "mask": np.ones(length, dtype=bool)}


@given(lengths_of_rows)
def test_masked_rows_come_back_from_a_batch_as_they_went_in(lengths: list[int]) -> None:
    rows = [masked_row(length) for length in lengths]
    again = split_rows(collate(rows, MASKED), MASKED)
    assert len(again) == len(rows)
    for row, other in zip(rows, again, strict=True):
        np.testing.assert_array_equal(row["hidden"], other["hidden"])
        np.testing.assert_array_equal(row["mask"], other["mask"])


@given(lengths_of_rows)
def test_padding_is_zero_in_every_tensor(lengths: list[int]) -> None:
    batch = collate([masked_row(length) for length in lengths], MASKED)
    assert batch["hidden"].shape == (len(lengths), 2, max(lengths))
    padding = np.repeat(batch["mask"][:, None], 2, axis=1) == 0
    assert not batch["hidden"][padding].any()
    assert batch["mask"].sum() == sum(lengths)


def test_without_a_mask_padding_stays_on_the_rows() -> None:
    rows = [{"tokens": np.array([5, 6, 7])}, {"tokens": np.array([8])}]
    again = split_rows(collate(rows, PLAIN), PLAIN)
    assert again[1]["tokens"].tolist() == [8, 0, 0]


def test_a_hole_in_the_mask_is_kept_and_only_the_tail_is_cut() -> None:
    batch = {
        "hidden": np.ones((1, 2, 4), dtype=np.float32),
        "mask": np.array([[True, False, True, False]]),
    }
    [row] = split_rows(batch, MASKED)
    assert row["mask"].tolist() == [True, False, True]
    assert row["hidden"].shape == (2, 3)


def test_no_rows_make_a_batch_of_none() -> None:
    batch = collate([], MASKED)
    assert batch["hidden"].shape == (0, 2, 0)
    assert batch["hidden"].dtype == np.float32


@given(lengths_of_rows, st.integers(1, 4))
def test_joined_batches_are_the_batch_of_all_rows(lengths: list[int], size: int) -> None:
    rows = [masked_row(length) for length in lengths]
    parts = [collate(rows[i : i + size], MASKED) for i in range(0, len(rows), size)]
    joined, whole = join_batches(parts, MASKED), collate(rows, MASKED)
    np.testing.assert_array_equal(joined["hidden"], whole["hidden"])
    np.testing.assert_array_equal(joined["mask"], whole["mask"])


@pytest.mark.parametrize("dtype", ["bool", "float16", "int32", "uint8"])
def test_collating_keeps_the_dtype(dtype: str) -> None:
    spec = Spec.parse(f"x: {dtype}[batch, any]")
    rows = [{"x": np.ones(length, dtype=dtype)} for length in (1, 3)]
    assert collate(rows, spec)["x"].dtype == dtype
