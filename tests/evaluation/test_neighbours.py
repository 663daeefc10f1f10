import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.neighbours.plain_csls import plain_csls
from transcoder.errors import DataError, NonFiniteError
from transcoder.evaluation import (
    Bootstrap,
    cka_score,
    csls_retrieval,
    linear_cka,
    nearest_rows,
    retrieval,
    shared_neighbours,
)
from transcoder.vocabulary import Split

_RANDOM = np.random.default_rng(0)


@settings(max_examples=30)
@drawn(rows=st.integers(1, 25), seed=st.integers(0, 50), k=st.integers(1, 12))
def test_csls_ranks_are_those_of_the_paper(rows: int, seed: int, k: int) -> None:
    given, wanted = np.random.default_rng(seed).normal(size=(2, rows, 4))
    values = plain_csls(given, wanted, min(k, rows))
    own = np.diag(values)[:, None]
    assert csls_retrieval(given, wanted, k).ranks.tolist() == [
        int((row >= mine - 1e-6).sum()) for row, mine in zip(values, own, strict=True)
    ]


def test_csls_finds_what_a_hub_hides_from_plain_cosine() -> None:
    wanted = np.vstack([np.eye(12), np.ones(12)])
    given = np.vstack([np.eye(12) * 0.6 + 0.2, np.ones(12)])
    assert retrieval(given, wanted).recall(1) < 0.2
    assert csls_retrieval(given, wanted, 5).recall(1) == 1


def test_csls_scores_have_names_of_their_own() -> None:
    found = csls_retrieval(np.eye(4), np.eye(4)).scores(Split.TEST, by="csls_")
    assert [each.name for each in found][:2] == [
        "test/csls_recall_at_1",
        "test/csls_recall_at_5",
    ]


def test_nothing_depends_on_how_the_rows_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    given, wanted = _RANDOM.normal(size=(2, 40, 6))
    ranks, nearest = csls_retrieval(given, wanted).ranks, nearest_rows(given)
    shared = shared_neighbours(nearest, nearest_rows(wanted))
    for place in ("neighbours._cosines", "evaluation._neighbours"):
        monkeypatch.setattr(f"transcoder.{place}._CHUNK", 7 * 40)
    assert (csls_retrieval(given, wanted).ranks == ranks).all()
    assert (nearest_rows(given) == nearest).all()
    assert (shared_neighbours(nearest, nearest_rows(wanted)) == shared).all()


def test_neighbours_are_the_nearest_others() -> None:
    angles = np.array([0.0, 0.1, 0.3, 2.0, 2.2])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert nearest_rows(vectors, 2).tolist() == [[1, 2], [0, 2], [0, 1], [2, 4], [2, 3]]
    assert nearest_rows(vectors, 10).shape == (5, 4)


def test_a_turned_space_shares_all_neighbours_and_an_unrelated_one_few() -> None:
    vectors, others = _RANDOM.normal(size=(2, 200, 8))
    turn = np.linalg.qr(_RANDOM.normal(size=(8, 8)))[0]
    nearest = nearest_rows(vectors)
    assert shared_neighbours(nearest, nearest_rows(vectors @ turn)).mean() > 0.99
    assert shared_neighbours(nearest, nearest_rows(others)).mean() < 0.15


def test_cka_is_that_of_gram_matrices_and_blind_to_turns_and_scale() -> None:
    x, y = _RANDOM.normal(size=(30, 5)), _RANDOM.normal(size=(30, 7))
    centre = np.eye(30) - 1 / 30
    k, m = (centre @ each @ each.T @ centre for each in (x, y))
    plain = (k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum())
    assert linear_cka(x, y) == pytest.approx(plain)
    turn = np.linalg.qr(_RANDOM.normal(size=(5, 5)))[0]
    assert linear_cka(x, 1e30 * x @ turn + 3) == pytest.approx(1)


def test_cka_of_what_does_not_vary_is_zero() -> None:
    assert linear_cka(np.ones((4, 2)), _RANDOM.normal(size=(4, 3))) == 0


def test_the_interval_of_cka_is_that_of_drawing_rows_and_measuring_again() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(300, 4))
    y = x @ random.normal(size=(4, 3)) + random.normal(size=(300, 3))
    score = cka_score("test/cka", x, y, bootstrap=Bootstrap(2000))
    assert (score.value, score.rows) == (linear_cka(x, y), 300)
    draws = random.integers(0, 300, (500, 300))
    plain = np.quantile([linear_cka(x[rows], y[rows]) for rows in draws], [0.025, 0.975])
    assert score.interval is not None
    found = score.interval.low, score.interval.high
    assert found == pytest.approx(plain, abs=0.25 * (plain[1] - plain[0]))


def test_equal_spaces_have_a_cka_of_one_whatever_rows_are_drawn() -> None:
    x = _RANDOM.normal(size=(50, 4))
    score = cka_score("test/cka", x, 2 * x, bootstrap=Bootstrap(100))
    assert score.interval is not None
    assert (score.interval.low, score.interval.high) == pytest.approx((1, 1))
    assert cka_score("c", x[:1], x[:1], bootstrap=Bootstrap(100)).interval is None


def test_cka_of_other_rows_is_refused() -> None:
    with pytest.raises(DataError, match="the same rows of both, at least one"):
        linear_cka(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(NonFiniteError, match="row 1"):
        linear_cka(np.array([[0.0], [np.nan]]), np.ones((2, 1)))
