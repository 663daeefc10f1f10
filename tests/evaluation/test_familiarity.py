import numpy as np
import pytest

from transcoder.errors import DataError
from transcoder.evaluation import Familiarity, mean_latents
from transcoder.vocabulary import Spec

_RANDOM = np.random.default_rng(0)


def fitted(latents: np.ndarray, validation: np.ndarray | None = None) -> Familiarity:
    mean = latents.mean(axis=0)
    products = (latents - mean).T @ (latents - mean)
    others = latents if validation is None else validation
    return Familiarity.fit(len(latents), mean, products, validation=others)


def test_many_rows_give_the_textbook_mahalanobis_distance() -> None:
    latents = _RANDOM.normal(size=(20_000, 5)) @ _RANDOM.normal(size=(5, 5)) + 3
    rows = _RANDOM.normal(size=(7, 5))
    left = rows - latents.mean(axis=0)
    plain = np.sqrt((left @ np.linalg.inv(np.cov(latents.T)) * left).sum(axis=1))
    assert fitted(latents).distances(rows) == pytest.approx(plain, rel=1e-2)


def test_of_many_columns_the_liveliest_are_kept_and_the_others_taken_together() -> None:
    scales = np.concatenate([np.full(20, 3.0), np.full(180, 0.5)])
    latents = _RANDOM.normal(size=(5000, 200)) * scales
    known = fitted(latents)
    assert known.axes.shape == (64, 200)
    distances = known.distances(_RANDOM.normal(size=(500, 200)) * scales)
    assert distances.mean() == pytest.approx(np.sqrt(200), rel=0.05)
    assert len(known.text()) < 4 / 3 * 4 * (66 * 200 + 64 + 101) + 400


def test_the_percentile_is_the_share_of_validation_rows_that_lie_nearer() -> None:
    validation = _RANDOM.normal(size=(2000, 4))
    known = fitted(_RANDOM.normal(size=(2000, 4)), validation)
    distances = known.distances(validation)
    middle = float(np.median(distances))
    assert known.percentile(middle) == pytest.approx(50, abs=1)
    assert (known.percentile(0), known.percentile(1e9)) == (0, 100)


@pytest.mark.parametrize(
    "latents",
    [
        np.zeros((10, 4)),
        np.ones((1, 3)),
        _RANDOM.normal(size=(5, 100)),
        _RANDOM.normal(size=(50, 1)) @ np.ones((1, 6)),
        _RANDOM.normal(size=(50, 3)) * [1e-12, 1.0, 1e12],
    ],
)
def test_few_constant_and_wildly_scaled_latents_have_finite_distances(
    latents: np.ndarray,
) -> None:
    known = fitted(latents)
    assert np.isfinite(known.distances(np.vstack([latents, 10 * latents + 1]))).all()
    assert known.percentile(float(known.distances(latents + 1e15)[0])) == 100


def test_it_survives_its_text() -> None:
    known = fitted(_RANDOM.normal(size=(100, 6)))
    again = Familiarity.parse(known.text(), "T")
    rows = _RANDOM.normal(size=(9, 6))
    assert again.distances(rows) == pytest.approx(known.distances(rows), rel=1e-5)
    assert again.rows == 100


@pytest.mark.parametrize("text", ["", "[]", '{"mean": "???"}', "{}"])
def test_a_text_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(DataError, match="what it says of its training latents cannot be read"):
        Familiarity.parse(text, "T")


def test_of_a_sequence_the_mean_of_what_the_mask_leaves_counts() -> None:
    spec = Spec.parse("hidden: float32[batch, time, 2]", "mask: bool[batch, time]")
    hidden = np.array([[[1, 2], [3, 4], [9, 9]], [[5, 6], [9, 9], [9, 9]]], dtype=np.float32)
    mask = np.array([[1, 1, 0], [1, 0, 0]], dtype=bool)
    means = mean_latents({"hidden": hidden, "mask": mask}, spec)
    assert means.tolist() == [[2, 3], [5, 6]]
    bare = mean_latents({"hidden": hidden}, Spec.parse("hidden: float32[batch, time, 2]"))
    assert bare == pytest.approx(hidden.mean(axis=1))
