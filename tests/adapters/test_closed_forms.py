import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.adapters import (
    Affine,
    Pairs,
    fit_identity,
    fit_ladder,
    fit_mean,
    fit_procrustes,
    fit_ridge,
)
from transcoder.errors import DataError, NonFiniteError


def _random(*shape: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(size=shape)


def _rotation(dim: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.linalg.qr(_random(dim, dim, seed=7)).Q


def _error(affine: Affine, pairs: Pairs) -> float:
    return float(np.abs(affine.apply(pairs.source) - pairs.target).max())


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(2, 12), dim=st.integers(1, 6), seed=st.integers(0, 99))
def test_procrustes_is_orthogonal_whatever_the_pairs(rows: int, dim: int, seed: int) -> None:
    pairs = Pairs.of(_random(rows, dim, seed=seed), _random(rows, dim, seed=seed + 1))
    weight = fit_procrustes(pairs).weight
    assert np.allclose(weight @ weight.T, np.eye(dim), atol=1e-9)


def test_procrustes_finds_a_rotation_and_a_shift() -> None:
    x = _random(50, 5)
    pairs = Pairs.of(x, x @ _rotation(5) + 3)
    assert _error(fit_procrustes(pairs), pairs) < 1e-10


def test_procrustes_with_scale_finds_the_factor_too() -> None:
    x = _random(50, 5)
    pairs = Pairs.of(x, 12.5 * x @ _rotation(5) - 1)
    assert _error(fit_procrustes(pairs, scale=True), pairs) < 1e-9
    assert _error(fit_procrustes(pairs), pairs) > 1


@pytest.mark.parametrize("source_dim", [4, 6])
def test_procrustes_embeds_one_space_in_a_larger_one(source_dim: int) -> None:
    x = _random(50, 4)
    padded = np.pad(x, ((0, 0), (0, 2))) @ _rotation(6)
    ends = (x, padded) if source_dim == 4 else (padded, x)
    pairs = Pairs.of(*ends)
    assert _error(fit_procrustes(pairs), pairs) < 1e-10


def test_ridge_finds_a_linear_map() -> None:
    x = _random(200, 6)
    pairs = Pairs.of(x, x @ _random(6, 9, seed=1) + 4)
    assert _error(fit_ridge(pairs, pairs), pairs) < 1e-5


def test_ridge_takes_the_lambda_that_is_best_on_validation_rows() -> None:
    x, noise = _random(30, 25), _random(30, 3, seed=5)
    training = Pairs.of(x, x @ _random(25, 3, seed=1) + 3 * noise)
    fresh = _random(200, 25, seed=9)
    validation = Pairs.of(fresh, fresh @ _random(25, 3, seed=1))
    chosen = _squared(fit_ridge(training, validation), validation)
    for share in (1e-8, 1e-2, 100.0):
        alone = fit_ridge(training, validation, lambdas=[share])
        assert chosen <= _squared(alone, validation)


def _squared(affine: Affine, pairs: Pairs) -> float:
    return float(((affine.apply(pairs.source) - pairs.target) ** 2).sum())


def test_ridge_of_standardised_units_does_not_feel_scales() -> None:
    x, y = _random(40, 5), _random(40, 3, seed=1)
    plain, large = Pairs.of(x, y), Pairs.of(x * 1e6, y)
    given, wanted = fit_ridge(large, large), fit_ridge(plain, plain)
    assert np.allclose(given.apply(x * 1e6), wanted.apply(x))


@pytest.mark.parametrize("rows", [2, 3, 8])
def test_every_rung_stands_on_fewer_rows_than_dimensions(rows: int) -> None:
    pairs = Pairs.of(_random(rows, 20), _random(rows, 10, seed=1))
    for rung in fit_ladder(pairs, pairs):
        assert np.isfinite(rung.apply(pairs.source)).all(), rung.name


def test_every_rung_stands_on_constant_and_duplicated_columns() -> None:
    x = _random(30, 4)
    faulty = np.hstack([x, x, np.full((30, 2), 5.0)])
    pairs = Pairs.of(faulty, np.hstack([x, np.zeros((30, 1))]))
    *_, ridge = fit_ladder(pairs, pairs)
    assert _error(ridge, pairs) < 1e-5


def test_every_rung_stands_on_rows_that_are_all_the_same() -> None:
    pairs = Pairs.of(np.full((5, 3), 2.0), np.full((5, 4), 7.0))
    _, _, procrustes, ridge = fit_ladder(pairs, pairs)
    assert _error(ridge, pairs) < 1e-12
    assert _error(procrustes, pairs) < 1e-12


def test_the_ladder_goes_from_mean_to_ridge() -> None:
    pairs = Pairs.of(_random(10, 3), _random(10, 2, seed=1))
    names = [rung.name for rung in fit_ladder(pairs, pairs)]
    assert names == ["mean", "identity", "procrustes", "ridge"]


def test_one_validation_row_is_enough_to_choose_lambda() -> None:
    x, y = _random(10, 3), _random(10, 2, seed=1)
    assert fit_ridge(Pairs.of(x, y), Pairs.of(x[:1], y[:1])).weight.shape == (3, 2)


def test_the_mean_gives_the_mean() -> None:
    pairs = Pairs.of(_random(10, 3), _random(10, 2, seed=1))
    assert np.allclose(fit_mean(pairs).apply(pairs.source), pairs.target.mean(axis=0))


def test_the_identity_pads_with_zeros_and_drops_what_is_over() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    wider, narrower = np.zeros((2, 3)), np.zeros((2, 1))
    assert fit_identity(Pairs.of(rows, wider)).apply(rows).tolist() == [[1, 2, 0], [3, 4, 0]]
    assert fit_identity(Pairs.of(rows, narrower)).apply(rows).tolist() == [[1], [3]]


def test_nan_is_refused_by_its_row() -> None:
    x = _random(4, 2)
    x[2, 1] = np.nan
    with pytest.raises(NonFiniteError, match=r"NaN or infinity in 'source' at row 2"):
        Pairs.of(x, x)
    with pytest.raises(NonFiniteError, match=r"NaN or infinity in 'target' at row 2"):
        Pairs.of(_random(4, 2), np.where(np.isnan(x), np.inf, x))


def test_unequal_rows_are_refused() -> None:
    with pytest.raises(DataError, match=r"shapes \(3, 2\) and \(4, 2\) are no pairs of rows"):
        Pairs.of(_random(3, 2), _random(4, 2))


def test_a_single_row_is_refused() -> None:
    pairs = Pairs.of(_random(1, 2), _random(1, 2))
    with pytest.raises(DataError, match=r"2 or more are needed .* and there are 1"):
        fit_procrustes(pairs)


def test_no_validation_rows_are_refused() -> None:
    pairs = Pairs.of(_random(5, 2), _random(5, 2))
    with pytest.raises(DataError, match=r"1 or more are needed .* and there are 0"):
        fit_ridge(pairs, Pairs.of(_random(0, 2), _random(0, 2)))


@pytest.mark.parametrize("lambdas", [[], [0.0, 1.0]])
def test_lambdas_that_are_not_positive_are_refused(lambdas: list[float]) -> None:
    pairs = Pairs.of(_random(5, 2), _random(5, 2))
    with pytest.raises(DataError, match=r"lambdas are \[.*\]; name positive ones"):
        fit_ridge(pairs, pairs, lambdas=lambdas)
