import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.neighbours.plain_csls import plain_csls
from transcoder.neighbours import mutual_nearest


@settings(max_examples=30)
@given(rows=st.integers(1, 25), others=st.integers(1, 25), seed=st.integers(0, 50))
def test_mutual_neighbours_are_those_of_the_paper_nearest_first(
    rows: int, others: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(rows, 4)), random.normal(size=(others, 4))
    nearness = plain_csls(x, y, 10)
    ahead, back = nearness.argmax(axis=1), nearness.argmax(axis=0)
    wanted = {(int(row), int(ahead[row])) for row in range(rows) if back[ahead[row]] == row}
    mine, other = mutual_nearest(x, y)
    assert set(zip(mine.tolist(), other.tolist(), strict=True)) == wanted
    assert (np.diff(nearness[mine, other]) <= 1e-5).all()


def test_pairs_do_not_depend_on_how_the_rows_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 6)), random.normal(size=(30, 6))
    whole = mutual_nearest(x, y)
    monkeypatch.setattr("transcoder.neighbours._cosines._CHUNK", 7 * 30)
    assert [each.tolist() for each in mutual_nearest(x, y)] == [each.tolist() for each in whole]
