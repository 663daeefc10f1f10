import numpy as np
import pytest

from transcoder.errors import DataError, NonFiniteError
from transcoder.evaluation import latent_scores
from transcoder.vocabulary import Split

_RANDOM = np.random.default_rng(0)
WANTED = _RANDOM.normal(size=(50, 4)) + 3
MEAN = WANTED.mean(axis=0)


def _scores(
    given: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    wanted: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = WANTED,
) -> dict[str, float]:
    scores = latent_scores(given, wanted, train_mean=MEAN, split=Split.TEST)
    return {score.name: score.value for score in scores}


def test_what_is_right_scores_one() -> None:
    scores = _scores(WANTED)
    assert scores["test/r2"] == 1
    assert scores["test/cosine"] == pytest.approx(1)


def test_the_mean_vector_has_no_r2_and_the_cosine_of_the_mean() -> None:
    scores = _scores(np.tile(MEAN, (50, 1)))
    assert scores["test/r2"] == pytest.approx(0)
    assert scores["test/cosine"] == pytest.approx(scores["test/cosine_of_mean"])
    assert scores["test/cosine"] > 0.8


def test_r2_is_one_minus_the_error_in_shares_of_the_spread() -> None:
    noisy = WANTED + _RANDOM.normal(size=WANTED.shape) / 2
    assert _scores(noisy)["test/r2"] == pytest.approx(0.75, abs=0.08)


def test_intervals_hold_their_values() -> None:
    noisy = WANTED + _RANDOM.normal(size=WANTED.shape)
    for score in latent_scores(noisy, WANTED, train_mean=MEAN, split=Split.TEST):
        assert score.interval is not None
        assert score.interval.low < score.value < score.interval.high, score.name


def test_one_row_is_scored_without_interval() -> None:
    scores = latent_scores(WANTED[:1], WANTED[:1], train_mean=MEAN, split=Split.VALIDATION)
    assert scores[0].name == "validation/r2"
    assert all(score.interval is None and score.rows == 1 for score in scores)


def test_vectors_without_length_have_the_cosine_zero() -> None:
    assert _scores(np.zeros_like(WANTED))["test/cosine"] == 0


def test_nan_is_refused_by_its_row() -> None:
    given = WANTED.copy()
    given[7, 0] = np.nan
    with pytest.raises(NonFiniteError, match=r"NaN or infinity in 'given' at row 7"):
        _scores(given)


def test_other_rows_are_refused() -> None:
    with pytest.raises(DataError, match=r"given are \(49, 4\) and wanted \(50, 4\)"):
        _scores(WANTED[1:])


def test_latents_that_never_vary_are_refused() -> None:
    with pytest.raises(DataError, match="all equal the training mean"):
        _scores(WANTED, np.tile(MEAN, (50, 1)))
