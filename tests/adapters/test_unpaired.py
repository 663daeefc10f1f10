import numpy as np
import pytest

from transcoder.adapters import Affine, Pools, fit_unpaired
from transcoder.adapters._clusters import cluster_means
from transcoder.errors import UnpairedError

Rows = np.ndarray


def spaces(rows: int = 900) -> tuple[Rows, Rows]:
    """The same things, which lie in clumps, turned into two spaces, (row, 16) and (row, 20)."""
    random = np.random.default_rng(0)
    clumps = random.standard_normal((12, 10)) * np.linspace(0.5, 2, 10)
    things = clumps[random.integers(12, size=rows)] + 0.3 * random.standard_normal((rows, 10))
    first, second = (
        3
        + things @ np.linalg.qr(random.standard_normal((dim, 10)))[0].T
        + 0.05 * random.standard_normal((rows, dim))
        for dim in (16, 20)
    )
    return first, second


def r2(affine: Affine, x: Rows, y: Rows) -> float:
    error = ((affine.apply(x) - y) ** 2).sum()
    return float(1 - error / ((y - y.mean(axis=0)) ** 2).sum())


def test_two_clouds_of_one_shape_are_laid_on_one_another_with_no_row_in_common() -> None:
    x, y = spaces()
    found = fit_unpaired(Pools(x[:300], y[300:600]))
    assert r2(found.affine, x[600:], y[600:]) > 0.9
    assert found.agreeing >= 2
    assert found.share > 1.4 * found.control


def test_clouds_of_other_shapes_are_told_apart_and_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transcoder.adapters._unpaired._RUNS", 4)
    x, _ = spaces(300)
    other = np.random.default_rng(1).standard_normal((300, 20))
    with pytest.raises(
        UnpairedError, match="no map was found without pairs: of 3 starts no two"
    ):
        fit_unpaired(Pools(x, other), starts=3)
    with pytest.raises(UnpairedError, match="of 2 starts"):
        fit_unpaired(Pools(x, np.ones((20, 3))), starts=2)


def test_means_stand_in_the_middle_of_clumps() -> None:
    random = np.random.default_rng(0)
    middles = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    rows = np.repeat(middles, 50, axis=0) + 0.1 * random.standard_normal((150, 2))
    found = cluster_means(rows, 3, random)
    assert np.allclose(found[np.lexsort(found.round().T)], middles, atol=0.1)
    assert len(cluster_means(rows[:2], 3, random)) == 2
    assert np.isfinite(cluster_means(np.ones((9, 2)), 3, random)).all()
