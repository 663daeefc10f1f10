"""What goes wrong in a run is one sentence, and nothing is lost or half-written."""

import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.runs.conftest import finish
from tests.tiny_world import write_tiny_world
from transcoder.errors import (
    CommitError,
    CorruptBlobError,
    DataError,
    NonFiniteError,
    RegistryVersionError,
    TranscoderError,
)
from transcoder.recipe import DataConfig, RegistryConfig, RunConfig
from transcoder.registry import Registry
from transcoder.workflows import Middleware

SCRIPT = """
import sys
from pathlib import Path
from tests.runs.conftest import finish, tiny_config
from transcoder.runs import train
train(tiny_config(Path(sys.argv[1])))
"""


def kill_at(stage: str, folder: Path) -> None:
    """Start the run of a folder in a process of its own, and kill it when a stage begins."""
    command = [sys.executable, "-u", "-c", SCRIPT, str(folder)]
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if stage in line:
                process.kill()
                break
        assert process.wait() == -signal.SIGKILL, said


EVERY = ("World", "Plan", "Materialize", "Closed forms", "Fit", "Judge")


@pytest.mark.parametrize("stages", [("Judge",), pytest.param(EVERY, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_at_any_stage_ends_like_an_undisturbed_one(
    config: RunConfig, tmp_path: Path, stages: tuple[str, ...]
) -> None:
    for stage in stages:
        kill_at(stage, tmp_path)
    registry = Registry.open(Path(config.registry.url))
    assert registry.catalog().revision <= 1
    disturbed = finish(config)
    elsewhere = RegistryConfig(url=str(tmp_path / "elsewhere"))
    assert finish(replace(config, registry=elsewhere)).scores == disturbed.scores
    assert disturbed.is_current


@pytest.mark.slow
@pytest.mark.usefixtures("config")
def test_one_recipe_started_twice_at_once_is_trained_once(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-u", "-c", SCRIPT, str(tmp_path)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(2)
    ]
    said = [each.communicate()[0] for each in both]
    assert [each.returncode for each in both] == [0, 0]
    for stage in ("the identical run is finished", "Fit the residual adapter"):
        assert sum(stage in each for each in said) == 1


def test_a_changed_founder_is_refused_with_both_digests(config: RunConfig) -> None:
    world = Path(config.world)
    Middleware.open(config.registry.url, create=True).apply(world)
    write_tiny_world(world.parent, seed=1)
    with pytest.raises(
        CommitError, match=r"text_latent@1 is the space of .*; declare text_latent@2"
    ):
        finish(config)
    assert Registry.open(Path(config.registry.url)).revision() == 1


def test_a_network_that_gives_nan_is_named_with_its_row(config: RunConfig) -> None:
    path = Path(config.world).parent / "a.onnx"
    model = onnx.load(path)
    table = next(each for each in model.graph.initializer if each.name == "table")
    values = numpy_helper.to_array(table).copy()
    values[26] = np.nan
    table.CopyFrom(numpy_helper.from_array(values, "table"))
    onnx.save(model, path)
    with pytest.raises(
        NonFiniteError, match=r"\[A\].*gave NaN or infinity in 'hidden' at row 25"
    ):
        finish(config)


def test_rows_that_cannot_be_used_stop_a_run_unless_it_may_leave_them_out(
    config: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    words = Path(config.world).parent / "words.csv"
    lines = words.read_text("utf-8").splitlines()
    lines[6] = f",{lines[6].partition(',')[2]}"
    words.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(DataError, match="column 'english' holds an empty text at row 5"):
        finish(config)
    finish(replace(config, data=DataConfig(max_skipped=1)))
    assert "1 rows left out: 1 for empty text (first row 5)" in capsys.readouterr().out


def test_an_empty_dataset_is_refused(config: RunConfig) -> None:
    (Path(config.world).parent / "words.csv").write_text("english,german,first\n", "utf-8")
    with pytest.raises(DataError, match="the dataset 'words' cannot be used: it has no rows"):
        finish(config)


def test_a_dataset_without_its_column_is_refused(config: RunConfig) -> None:
    (Path(config.world).parent / "words.csv").write_text("english,first\nab,a\n", "utf-8")
    with pytest.raises(TranscoderError, match="'german'"):
        finish(config)


def test_flipped_bytes_of_a_network_are_found(config: RunConfig) -> None:
    Middleware.open(config.registry.url, create=True).apply(Path(config.world))
    for blob in (Path(config.registry.url) / "blobs").rglob("*"):
        if blob.is_file():
            damaged = bytearray(blob.read_bytes())
            damaged[len(damaged) // 2] ^= 1
            blob.chmod(0o644)
            blob.write_bytes(damaged)
    middleware = Middleware.open(config.registry.url)
    with pytest.raises(CorruptBlobError, match="it was damaged: restore it from a copy"):
        middleware.convert("ab", middleware.get_path("text<en>", "text<de>"))


def test_a_registry_of_another_version_is_refused(config: RunConfig) -> None:
    Middleware.open(config.registry.url, create=True)
    with sqlite3.connect(Path(config.registry.url) / "registry.db") as database:
        database.execute("PRAGMA user_version = 999")
    with pytest.raises(RegistryVersionError, match="has schema 999, this version reads"):
        finish(config)
