"""Few pairs, and rows without partners beside them, by what a user types."""

import shutil
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.runs.conftest import finish
from transcoder.adapters import fit_unpaired
from transcoder.errors import DataError, NoOpportunityError, UnknownNameError, UnpairedError
from transcoder.recipe import (
    RECIPE_FOLDER,
    DataConfig,
    LinearConfig,
    RegistryConfig,
    RunConfig,
    TrainerConfig,
    TranscoderConfig,
)
from transcoder.runs import train
from transcoder.runs._narration import Narrator
from transcoder.runs._opening import open_registry
from transcoder.runs._plan import plan_training
from transcoder.runs._reading import read_sources
from transcoder.runs._vectors import with_names
from transcoder.vocabulary import Split
from transcoder.workflows import Middleware

PAIRS, MORE = 60, 600


def vectors(folder: Path, **changes: object) -> RunConfig:
    """A run on few rows of two noisy spaces, (row, 40) and (row, 32), with files of more."""
    random = np.random.default_rng(0)
    things = random.standard_normal((PAIRS + MORE, 16)) * np.linspace(1, 2, 16)
    for name, dim in (("a", 40), ("b", 32)):
        noise = random.standard_normal((len(things), dim))
        vectors = (things @ random.standard_normal((16, dim)) + noise).astype(np.float32)
        np.save(folder / f"{name}.npy", vectors[:PAIRS])
        np.save(folder / f"{name}_more.npy", vectors[:: 1 if name == "a" else -1])
    plain = RunConfig(
        name="vectors", world="", old=str(folder / "a.npy"), new=str(folder / "b.npy"),
        transcoder=TranscoderConfig("T", "auto", "auto"), adapter=LinearConfig(),
        trainer=TrainerConfig(max_epochs=1), registry=RegistryConfig(str(folder / "registry")),
        data=DataConfig(pairs=30), resamples=50,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]  # the fields of RunConfig


def test_rows_without_partners_raise_what_few_pairs_reach_and_judged_ones_are_none_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {f"{key}_more": str(tmp_path / f"{name}_more.npy") for key, name in
            (("old", "a"), ("new", "b"))}  # fmt: skip
    result = finish(vectors(tmp_path, data=DataConfig(), **more))
    r2 = {name: scores["test/r2"][0] for name, scores in result.scores.items()}
    assert r2["self_learning"] > max(r2["ridge"], r2["procrustes"], r2["reduced_rank"]) + 0.01
    said = " ".join(capsys.readouterr().out.split())
    training = int(said.split("a_and_b: ")[1].split(" train")[0])
    pool = MORE + training
    assert training < PAIRS
    assert f"rows without partners: {pool:,} of the source, {pool:,} of the target" in said
    version = Middleware.open(tmp_path / "registry").get_model("T")[0]
    assert len(version.lineage["fingerprints"]) == 3  # type: ignore[arg-type]  # a list of fingerprints


def test_of_the_rows_beyond_so_many_pairs_each_side_goes_into_a_pool(config: RunConfig) -> None:
    narrator = Narrator()
    asked = replace(config, data=DataConfig(pairs=20, pool_rows=30), seed=3)
    catalog = open_registry(asked, narrator).catalog()
    plan = plan_training(catalog, asked)
    source = read_sources(plan, catalog, asked, narrator)[plan.dataset.name]
    whole = read_sources(plan, catalog, config, narrator)[plan.dataset.name]
    training, known = whole.rows[Split.TRAIN], source.rows[Split.TRAIN]
    assert (len(known), len(source.pool), len(whole.pool)) == (20, 30, 0)
    assert set(known) | set(source.pool) <= set(training)
    assert not set(known) & set(source.pool)
    other = read_sources(plan, catalog, replace(asked, seed=4), narrator)[plan.dataset.name]
    assert set(other.rows[Split.TRAIN]) != set(known)
    strata = source.table.strata
    assert strata is not None
    counts = Counter(strata[row] for row in known)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_further_rows_of_another_length_are_refused(tmp_path: Path) -> None:
    asked = vectors(tmp_path, old_more=str(tmp_path / "b_more.npy"))
    sentence = r"b_more.npy' have 32 numbers and those of '.*a.npy' 40; give vectors of one"
    with pytest.raises(DataError, match=sentence):
        train(asked)


def test_a_pool_that_is_not_registered_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="missing"):
        train(vectors(tmp_path, data=DataConfig(pools=["missing"])))


def test_a_pool_that_reaches_neither_end_is_refused(tmp_path: Path) -> None:
    others = {"old": str(tmp_path / "a_more.npy"), "new": str(tmp_path / "b_more.npy")}
    open_registry(with_names(vectors(tmp_path, **others)), Narrator())
    sentence = "data.pools names 'a_more_and_b_more', of which no column reaches either"
    with pytest.raises(NoOpportunityError, match=sentence):
        train(vectors(tmp_path, data=DataConfig(pools=["a_more_and_b_more"])))


@pytest.fixture
def _short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer clusterings and matchings; enough for clumps that lie far apart."""
    for name, count in (("_RUNS", 8), ("_KEPT", 4), ("_TRIES", 5)):
        monkeypatch.setattr(f"transcoder.adapters._unpaired.{name}", count)


def clouds(folder: Path, *, alike: bool) -> RunConfig:
    """A run without a pair on clumps of things in two spaces, (row, 16) and (row, 20)."""
    random = np.random.default_rng(0)
    clumps = random.standard_normal((12, 10)) * np.linspace(0.5, 2, 10)
    things = clumps[random.integers(12, size=500)] + 0.3 * random.standard_normal((500, 10))
    turns = [np.linalg.qr(random.standard_normal((dim, 10)))[0].T for dim in (16, 20)]
    new = things @ turns[1] if alike else random.standard_normal((500, 20))
    np.save(folder / "x.npy", (things @ turns[0]).astype(np.float32))
    np.save(folder / "y.npy", new.astype(np.float32))
    places = {"old": str(folder / "x.npy"), "new": str(folder / "y.npy")}
    return vectors(folder, data=DataConfig(pairs=0), **places)


@pytest.mark.usefixtures("_short_search")
def test_without_a_pair_what_two_clouds_give_is_judged_on_pairs_and_registered(
    tmp_path: Path,
) -> None:
    result = finish(clouds(tmp_path, alike=True))
    assert [*result.scores] == ["mean", "identity", "unpaired"]
    assert result.chosen == "unpaired"
    assert result.scores["unpaired"]["test/recall_at_1"][0] > 0.9
    assert Middleware.open(tmp_path / "registry").get_model("T")[0].is_current


@pytest.mark.usefixtures("_short_search")
def test_where_clouds_are_not_alike_nothing_is_registered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = partial(fit_unpaired, starts=2)
    monkeypatch.setattr("transcoder.runs._groundwork.fit_unpaired", soon)
    with pytest.raises(UnpairedError, match="nothing is registered, add some pairs"):
        train(clouds(tmp_path, alike=False))
    assert not Middleware.open(tmp_path / "registry").catalog.segments


@pytest.mark.usefixtures("_short_search")
def test_files_of_no_common_row_give_a_map_that_is_registered_only_where_that_is_insisted_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = clouds(tmp_path, alike=True)
    x, y = np.load(str(asked.old)), np.load(str(asked.new))
    np.save(str(asked.old), x[:260])
    np.save(str(asked.new), y[220:])
    asked = replace(asked, paired=False, data=DataConfig())
    assert train(asked) is None
    assert "nothing is registered, for no row leads to both" in capsys.readouterr().out
    assert not Middleware.open(tmp_path / "registry").catalog.segments
    result = finish(replace(asked, insist=True))
    assert (result.chosen, result.is_current, result.scores) == (
        "unpaired",
        True,
        {"unpaired": {}},
    )
    middleware = Middleware.open(tmp_path / "registry")
    given = middleware.convert({"vector": x[400]}, middleware.get_path("{x}", "{y}"))
    error = np.asarray(given["vector"]) - y[400]  # type: ignore[index, call-overload]  # a tensor
    assert (error**2).sum() < 0.2 * (y[400] ** 2).sum()


HALF = """  {name}:
    type: labelled_pixels
    loader: arrays
    options: {{files: {{pixels: {name}.npz, class: {name}.npz}}}}
    columns: {{pixels: pixels<{name}>, class: digit}}
    group: content(pixels)
    shares: {{test: 0.2, validation: 0.1, salt: digits}}
"""


@pytest.mark.slow
def test_two_networks_that_see_other_digits_in_other_columns_are_joined_without_a_pair(
    tmp_path: Path,
) -> None:
    shipped = RECIPE_FOLDER / "worlds" / "digits"
    text = (shipped / "world.yaml").read_text("utf-8")
    start, end = text.index("  optdigits:"), text.index("models:")
    halves = [HALF.format(name=name) for name in ("left", "right")]
    text = "".join([text[:start], *halves, "\n", text[end:]])
    pixels = '  pixels<left>: {spec: ["pixels: float32[batch, 64]"]}\n  pixels<right>: {spec'
    text = text.replace("  pixels<digits>: {spec", pixels)
    for name, target in (("left", "Dense"), ("right", "Conv")):
        text = text.replace(f'pixels<digits>, target: "{{{target}}}"',
                            f'pixels<{name}>, target: "{{{target}}}"')  # fmt: skip
    (tmp_path / "world.yaml").write_text(text, "utf-8")
    for file in shipped.glob("*.onnx"):
        shutil.copy(file, tmp_path)
    digits = np.load(shipped / "digits.npz")
    for first, name in enumerate(("left", "right")):
        np.savez(tmp_path / f"{name}.npz", **{each: digits[each][first::2] for each in digits})
    result = finish(
        RunConfig(
            name="halves", world=str(tmp_path / "world.yaml"), adapter=LinearConfig(),
            transcoder=TranscoderConfig("Dense_to_Conv", "{Dense}", "{Conv}"),
            registry=RegistryConfig(str(tmp_path / "registry")), resamples=50,
        )
    )  # fmt: skip
    assert result.chosen == "unpaired"
    assert result.scores["unpaired"]["test/retention"][0] > 0.95
