from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.pairs import Pairs, Rows
from transcoder.adapters import (
    Affine,
    Moments,
    fit_identity,
    fit_ladder,
    fit_mean,
    fit_procrustes,
    fit_reduced_rank,
    fit_ridge,
    squared_error,
)
from transcoder.errors import AdapterMismatchError, DataError, NonFiniteError


def _random(*shape: int, seed: int = 0) -> Rows:
    return np.random.default_rng(seed).normal(size=shape)


def _rotation(dim: int) -> Rows:
    return np.linalg.qr(_random(dim, dim, seed=7)).Q


def _error(affine: Affine, pairs: Pairs) -> float:
    return float(np.abs(affine.apply(pairs.source) - pairs.target).max())


@settings(max_examples=40)
@given(rows=st.integers(2, 12), dim=st.integers(1, 6), seed=st.integers(0, 99))
def test_procrustes_is_orthogonal_whatever_the_pairs(rows: int, dim: int, seed: int) -> None:
    pairs = Pairs(_random(rows, dim, seed=seed), _random(rows, dim, seed=seed + 1))
    weight = fit_procrustes(pairs.moments).weight
    assert np.allclose(weight @ weight.T, np.eye(dim), atol=1e-9)


def test_procrustes_finds_a_rotation_and_a_shift() -> None:
    x = _random(50, 5)
    pairs = Pairs(x, x @ _rotation(5) + 3)
    assert _error(fit_procrustes(pairs.moments), pairs) < 1e-10


def test_procrustes_with_scale_finds_the_factor_too() -> None:
    x = _random(50, 5)
    pairs = Pairs(x, 12.5 * x @ _rotation(5) - 1)
    assert _error(fit_procrustes(pairs.moments, scale=True), pairs) < 1e-9
    assert _error(fit_procrustes(pairs.moments), pairs) > 1


@pytest.mark.parametrize("source_dim", [4, 6])
def test_procrustes_embeds_one_space_in_a_larger_one(source_dim: int) -> None:
    x = _random(50, 4)
    padded = np.pad(x, ((0, 0), (0, 2))) @ _rotation(6)
    ends = (x, padded) if source_dim == 4 else (padded, x)
    pairs = Pairs(*ends)
    assert _error(fit_procrustes(pairs.moments), pairs) < 1e-10


def test_ridge_finds_a_linear_map() -> None:
    x = _random(200, 6)
    pairs = Pairs(x, x @ _random(6, 9, seed=1) + 4)
    assert _error(fit_ridge(pairs.moments, pairs.moments), pairs) < 1e-5


def test_ridge_takes_the_lambda_that_is_best_on_validation_rows() -> None:
    x, noise = _random(30, 25), _random(30, 3, seed=5)
    training = Pairs(x, x @ _random(25, 3, seed=1) + 3 * noise)
    fresh = _random(200, 25, seed=9)
    validation = Pairs(fresh, fresh @ _random(25, 3, seed=1))
    chosen = _squared(fit_ridge(training.moments, validation.moments), validation)
    for share in (1e-8, 1e-2, 100.0):
        alone = fit_ridge(training.moments, validation.moments, lambdas=[share])
        assert chosen <= _squared(alone, validation)


def _squared(affine: Affine, pairs: Pairs) -> float:
    return float(((affine.apply(pairs.source) - pairs.target) ** 2).sum())


def test_ridge_of_standardised_units_does_not_feel_scales() -> None:
    x, y = _random(40, 5), _random(40, 3, seed=1)
    plain, large = Pairs(x, y), Pairs(x * 1e6, y)
    given, wanted = (fit_ridge(each.moments, each.moments) for each in (large, plain))
    assert np.allclose(given.apply(x * 1e6), wanted.apply(x))


@pytest.mark.parametrize("rows", [2, 3, 8])
def test_every_rung_stands_on_fewer_rows_than_dimensions(rows: int) -> None:
    pairs = Pairs(_random(rows, 20), _random(rows, 10, seed=1))
    for rung in fit_ladder(pairs.moments, pairs.moments):
        assert np.isfinite(rung.apply(pairs.source)).all(), rung.name


def test_every_rung_stands_on_constant_and_duplicated_columns() -> None:
    x = _random(30, 4)
    faulty = np.hstack([x, x, np.full((30, 2), 5.0)])
    pairs = Pairs(faulty, np.hstack([x, np.zeros((30, 1))]))
    *_, ridge = fit_ladder(pairs.moments, pairs.moments)
    assert _error(ridge, pairs) < 1e-5


def test_every_rung_stands_on_rows_that_are_all_the_same() -> None:
    pairs = Pairs(np.full((5, 3), 2.0), np.full((5, 4), 7.0))
    _, _, procrustes, _, ridge = fit_ladder(pairs.moments, pairs.moments)
    assert _error(ridge, pairs) < 1e-12
    assert _error(procrustes, pairs) < 1e-12


def test_the_ladder_goes_from_mean_to_ridge() -> None:
    pairs = Pairs(_random(10, 3), _random(10, 2, seed=1))
    names = [rung.name for rung in fit_ladder(pairs.moments, pairs.moments)]
    assert names == ["mean", "identity", "procrustes", "reduced_rank", "ridge"]


def test_one_validation_row_is_enough_to_choose_lambda() -> None:
    x, y = _random(10, 3), _random(10, 2, seed=1)
    assert fit_ridge(Pairs(x, y).moments, Pairs(x[:1], y[:1]).moments).weight.shape == (3, 2)


def test_the_mean_gives_the_mean() -> None:
    pairs = Pairs(_random(10, 3), _random(10, 2, seed=1))
    assert np.allclose(fit_mean(pairs.moments).apply(pairs.source), pairs.target.mean(axis=0))


def test_the_identity_pads_with_zeros_and_drops_what_is_over() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    wider, narrower = np.zeros((2, 3)), np.zeros((2, 1))
    assert fit_identity(Pairs(rows, wider).moments).apply(rows).tolist() == [
        [1, 2, 0],
        [3, 4, 0],
    ]
    assert fit_identity(Pairs(rows, narrower).moments).apply(rows).tolist() == [[1], [3]]


def test_nan_is_refused_by_its_row() -> None:
    x = _random(4, 2)
    x[2, 1] = np.nan
    with pytest.raises(NonFiniteError, match=r"NaN or infinity in 'source' at row 2"):
        Moments.of([(x, x)])
    with pytest.raises(NonFiniteError, match=r"NaN or infinity in 'target' at row 2"):
        Moments.of([(_random(4, 2), np.where(np.isnan(x), np.inf, x))])


def test_unequal_rows_are_refused() -> None:
    with pytest.raises(DataError, match=r"shapes \(3, 2\) and \(4, 2\) are no pairs of rows"):
        Moments.of([(_random(3, 2), _random(4, 2))])


def test_a_single_row_is_refused() -> None:
    pairs = Pairs(_random(1, 2), _random(1, 2))
    with pytest.raises(DataError, match=r"2 or more are needed .* and there are 1"):
        fit_procrustes(pairs.moments)


def test_no_validation_rows_are_refused() -> None:
    pairs = Pairs(_random(5, 2), _random(5, 2))
    with pytest.raises(DataError, match=r"1 or more are needed .* and there are 0"):
        fit_ridge(pairs.moments, Pairs(_random(0, 2), _random(0, 2)).moments)


@pytest.mark.parametrize("lambdas", [[], [0.0, 1.0]])
def test_lambdas_that_are_not_positive_are_refused(lambdas: list[float]) -> None:
    pairs = Pairs(_random(5, 2), _random(5, 2))
    with pytest.raises(DataError, match=r"lambdas are \[.*\]; name positive ones"):
        fit_ridge(pairs.moments, pairs.moments, lambdas=lambdas)


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(0, 9), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_moments_of_blocks_are_those_of_all_rows(sizes: list[int], seed: int) -> None:
    rows = sum(sizes)
    x, y = _random(rows, 4, seed=seed) + 1e3, _random(rows, 3, seed=seed + 1)
    ends = np.cumsum([0, *sizes])
    pieces = [slice(first, last) for first, last in pairwise(ends)]
    found = Moments.of((x[piece], y[piece]) for piece in pieces)
    assert found.rows == rows
    if rows:
        left, right = x - x.mean(axis=0), y - y.mean(axis=0)
        assert np.allclose(found.source_mean, x.mean(axis=0))
        assert np.allclose(found.source_products, left.T @ left, atol=1e-8)
        assert np.allclose(found.cross_products, left.T @ right, atol=1e-8)
        assert np.allclose(found.target_squares, (right**2).sum(axis=0), atol=1e-8)


def test_the_squared_error_of_moments_is_that_of_the_rows() -> None:
    fresh = Pairs(_random(30, 5, seed=3) + 2, _random(30, 4, seed=4))
    pairs = Pairs(_random(40, 5), _random(40, 4, seed=1))
    for rung in fit_ladder(pairs.moments, pairs.moments):
        assert np.isclose(squared_error(rung, fresh.moments), _squared(rung, fresh))


def test_a_row_that_is_not_finite_is_counted_over_all_blocks() -> None:
    x = _random(6, 2)
    x[5, 0] = np.nan
    with pytest.raises(NonFiniteError, match="at row 5"):
        Moments.of([(x[:3], x[:3]), (x[3:], x[3:])])


def test_no_rows_at_all_are_refused() -> None:
    with pytest.raises(DataError, match=r"pairs of latents.*there are none; add rows"):
        Moments.of([])


def test_reduced_rank_finds_how_many_directions_there_are() -> None:
    x, noise = _random(460, 20), _random(460, 16, seed=5)
    y = x @ _random(20, 2, seed=1) @ _random(2, 16, seed=2) + noise
    training, validation = Pairs(x[:60], y[:60]).moments, Pairs(x[60:], y[60:]).moments
    ridge = fit_ridge(training, validation)
    squeezed = fit_reduced_rank(training, validation, ridge=ridge)
    assert np.linalg.matrix_rank(squeezed.weight) == 2
    assert squared_error(squeezed, validation) < squared_error(ridge, validation)


def test_the_inverse_leads_back() -> None:
    x = _random(10, 4)
    affine = Affine("any", _random(4, 6, seed=1), np.arange(6.0))
    assert np.allclose(affine.inverse().apply(affine.apply(x)), x)


def test_a_map_that_loses_directions_has_no_inverse() -> None:
    with pytest.raises(AdapterMismatchError, match="keeps 0 of 3 directions"):
        fit_mean(Pairs(_random(10, 3), _random(10, 4)).moments).inverse()
