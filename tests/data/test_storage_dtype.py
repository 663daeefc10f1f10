"""Latents on disk in shorter numbers, and what that loses."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.data_worlds import (
    SPECS,
    TO_HIDDEN,
    TO_VECTOR,
    catalog,
    route,
    runner,
    table,
    words,
)
from transcoder.data import LatentStore, StoredTensors, materialize, planned_bytes, store_key
from transcoder.errors import StorageError
from transcoder.vocabulary import EdgePath

KEY = "0" * 64


def half(root: Path, path: EdgePath, dtype: str | None = "float16") -> StoredTensors:
    store = LatentStore(root, storage_dtype=dtype)
    rows = table(words(70))
    return materialize(route(path), rows, catalog=catalog(), runner=runner(), store=store)


@pytest.mark.parametrize("path", [TO_VECTOR, TO_HIDDEN], ids=["fixed", "ragged"])
def test_shorter_numbers_are_read_as_the_spec_says_and_take_half_the_space(
    path: EdgePath, tmp_path: Path
) -> None:
    short, full = half(tmp_path, path), half(tmp_path, path, None)
    assert short.folder != full.folder
    assert len(list(tmp_path.glob("*.lock"))) == 2
    floats = full.spec.names[0]
    assert (short.folder / "0.values").stat().st_size * 2 == (
        full.folder / "0.values"
    ).stat().st_size
    for rows in (np.array([3]), np.arange(70)):
        taken, wanted = short.take(rows), full.take(rows)
        assert {name: each.dtype for name, each in taken.items()} == {
            name: each.dtype for name, each in wanted.items()
        }
        np.testing.assert_array_equal(taken[floats], wanted[floats].astype("float16"))
    assert [*short.losses] == [floats]
    assert full.losses == {}


def test_what_is_lost_is_measured(tmp_path: Path) -> None:
    exact = np.random.default_rng(0).standard_normal((600, 2), np.float32)
    store = LatentStore(tmp_path, storage_dtype="float16")
    for start in (0, 300):  # as after a kill
        with store.writer(KEY, spec=SPECS["{Vector}"], rows=600, route="rows") as writer:
            writer.append({"vector": exact[start : start + 300]})
            if start:
                writer.finish()
    kept = exact.astype(np.float16).astype(np.float32)
    loss = store.open(KEY).losses["vector"]
    assert loss.largest == pytest.approx((abs(kept - exact) / abs(exact)).max(), rel=0.01)
    lost = np.square(kept - exact).sum() / np.square(exact - exact.mean(0)).sum()
    assert 1 - loss.r2 == pytest.approx(lost, rel=0.02)
    assert str(loss).startswith("largest relative error 4.8e-04, R² 0.9999999")


def test_a_number_that_is_too_large_is_refused(tmp_path: Path) -> None:
    store = LatentStore(tmp_path, storage_dtype="float16")
    told = "'vector' holds 7e.04, more than float16 can; store it in full, without data.storage"
    with (
        pytest.raises(StorageError, match=told),
        store.writer(KEY, spec=SPECS["{Vector}"], rows=1, route="rows") as writer,
    ):
        writer.append({"vector": np.full((1, 2), 7e4, np.float32)})


def test_shorter_numbers_cannot_be_looked_at_as_one_array(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="numbers of 'vector' are shorter on disk; take them"):
        half(tmp_path, TO_VECTOR).array("vector")


def test_key_and_planned_size_know_how_numbers_are_stored() -> None:
    rows = table(words(70))
    parts = route(TO_VECTOR), rows, catalog()
    assert store_key(*parts) != store_key(*parts, storage_dtype="float16")
    sizes = [
        planned_bytes(
            route(TO_VECTOR), rows, catalog=catalog(), runner=runner(), storage_dtype=dtype
        )
        for dtype in (None, "float16")
    ]
    assert sizes == [70 * 8, 70 * 4]
