"""Two files of vectors become a transcoder, by the recipe that a user types."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.runs.conftest import finish
from transcoder.errors import DataError, NonFiniteError, RecipeError, TranscoderError
from transcoder.recipe import (
    DataConfig,
    RegistryConfig,
    ResidualConfig,
    RunConfig,
    TrainerConfig,
    TranscoderConfig,
)
from transcoder.workflows import Middleware

ROWS = 400


def vectors() -> tuple[np.ndarray, np.ndarray]:
    """The same rows in two spaces, (row, 12) and (row, 8)."""
    random = np.random.default_rng(0)
    things = random.standard_normal((ROWS, 6))
    old, new = (np.tanh(things @ random.standard_normal((6, dim)) / 3) for dim in (12, 8))
    return old.astype(np.float32), new.astype(np.float64)


def config(folder: Path, old: str, new: str, **transcoder: str) -> RunConfig:
    names = {"model": "auto", "source": "auto", "target": "auto"} | transcoder
    return RunConfig(
        name="vectors", world="", old=old, new=new, transcoder=TranscoderConfig(**names),
        adapter=ResidualConfig(hidden=8), trainer=TrainerConfig(max_epochs=1),
        data=DataConfig(judged_rows=20), registry=RegistryConfig(url=str(folder / "registry")),
        resamples=20,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    old, new = vectors()
    np.save(tmp_path / "ada.npy", old)
    np.save(tmp_path / "small.npy", new)
    np.savez(tmp_path / "both.npz", ada=old, small=new)
    parquet.write_table(pa.table({"id": range(ROWS), "emb": [*old]}), tmp_path / "rows.parquet")
    return tmp_path


def test_the_recipe_names_spaces_by_their_files_and_what_it_made_converts(folder: Path) -> None:
    finish(config(folder, str(folder / "ada.npy"), str(folder / "small.npy")))
    middleware = Middleware.open(folder / "registry")
    assert middleware.get_model("ada_to_small")[0].is_current
    (report,) = folder.glob("registry/runs/*/report.md")
    assert "## Worst test rows, by cosine" in report.read_text("utf-8")
    old, new = vectors()
    path = middleware.get_path("{ada}", "{small}")
    given = np.stack(
        [np.asarray(each["vector"]) for each in middleware.convert_many(  # type: ignore[index, call-overload]  # tensors
            [{"vector": row} for row in old], path)]
    )  # fmt: skip
    error = ((given - new) ** 2).sum() / ((new - new.mean(axis=0)) ** 2).sum()
    assert error < 0.2


@pytest.mark.parametrize("old", ["both.npz:ada", "rows.parquet:emb"])
def test_a_part_of_a_file_is_named_behind_a_colon(folder: Path, old: str) -> None:
    result = finish(config(folder, str(folder / old), str(folder / "both.npz:small")))
    assert result.test_rows == 20
    source = Middleware.open(folder / "registry").get_model(f"{old.partition(':')[2]}_to_small")
    assert str(source[0].target) == "{small}"


def test_two_files_of_one_name_need_names_for_their_spaces(folder: Path) -> None:
    (folder / "v2").mkdir()
    np.save(folder / "v2" / "ada.npy", vectors()[1])
    places = (str(folder / "ada.npy"), str(folder / "v2" / "ada.npy"))
    with pytest.raises(RecipeError, match=r"both spaces would be called {ada}; name them"):
        finish(config(folder, *places))
    finish(config(folder, *places, target="{ada2}"))
    assert Middleware.open(folder / "registry").get_model("ada_to_ada2")


def test_one_file_alone_is_refused(folder: Path) -> None:
    lonely = config(folder, str(folder / "ada.npy"), "")
    lonely.new = None
    with pytest.raises(RecipeError, match="it has no new=FILE; give old=FILE and new=FILE"):
        finish(lonely)


def faulty() -> dict[str, tuple[np.ndarray, str]]:
    _, new = vectors()
    holed = new.copy()
    holed[77, 3] = np.nan
    return {
        "short": (new[:50], "has 400 rows and '.*short.npy' has 50; give the same rows"),
        "flat": (new.ravel(), r"of the shape \(3200,\); give floating numbers, \(row, dim\)"),
        "empty": (new[:0], r"of the shape \(0, 8\); give floating numbers"),
        "whole": (new.astype(np.int64), r"holds int64 of the shape \(400, 8\); give floating"),
        "holed": (holed, "NaN or infinity in 'vector' at row 77"),
        "object": (np.array([{}], dtype=object), "cannot be read as numbers"),
    }


@pytest.mark.parametrize("kind", ["short", "flat", "empty", "whole", "holed", "object"])
def test_files_that_are_no_pairs_of_vectors_are_refused(folder: Path, kind: str) -> None:
    array, sentence = faulty()[kind]
    np.save(folder / f"{kind}.npy", array, allow_pickle=kind == "object")
    with pytest.raises((DataError, NonFiniteError), match=sentence):
        finish(config(folder, str(folder / "ada.npy"), str(folder / f"{kind}.npy")))
    registry = folder / "registry"
    models = Middleware.open(registry, create=True).catalog.segments
    assert not models


def test_a_space_whose_vectors_change_their_length_is_refused(folder: Path) -> None:
    finish(config(folder, str(folder / "ada.npy"), str(folder / "small.npy")))
    np.save(folder / "small.npy", vectors()[0])
    with pytest.raises(TranscoderError, match="small"):
        finish(config(folder, str(folder / "ada.npy"), str(folder / "small.npy")))


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("nothing.npy", "there is no file '.*nothing.npy' for column 'old'; make it"),
        ("ada.npy:x", "it has no parts, so none that is called 'x'"),
        ("both.npz:x", "cannot be read as numbers"),
        ("rows.parquet:x", "it has no column 'x', only 'id', 'emb'"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, place: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        finish(config(folder, str(folder / place), str(folder / "small.npy")))


def test_lists_of_different_lengths_are_no_vectors(folder: Path) -> None:
    parquet.write_table(pa.table({"emb": [[1.0], [1.0, 2.0, 3.0]]}), folder / "odd.parquet")
    with pytest.raises(DataError, match="the lists of column 'emb' are not all of one length"):
        finish(config(folder, str(folder / "odd.parquet"), str(folder / "small.npy")))
