"""The digits that are shipped, the networks on them, and the recipe that joins these."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # it has no types

from tests.conftest import QUICK, ROOT, Done
from transcoder.data import group_of_content
from transcoder.vocabulary import Split, SplitShares, split_of

FOLDER = ROOT / "recipes" / "worlds" / "digits"
SHARES = SplitShares(test=0.2, validation=0.1, salt="digits")


def digits() -> tuple[np.ndarray, np.ndarray]:
    with np.load(FOLDER / "digits.npz") as held:
        return held["pixels"], held["class"]


def run(name: str, half: str, given: np.ndarray) -> np.ndarray:
    path = FOLDER / f"{name}.{half}.onnx"
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: given})
    return np.asarray(found)


def stated(folder: Path) -> dict[str, float]:
    """What the table says of each network on test rows."""
    text = (folder / "QUALITY.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| \d+ \|.*\| ([\d.]+) \|$", text, re.MULTILINE)
    return {name: float(right) for name, right in rows}


def test_the_rows_are_those_of_scikit_learn() -> None:
    pixels, classes = digits()
    assert np.array_equal(pixels, load_digits().data)
    assert np.array_equal(classes, load_digits().target)


@pytest.mark.parametrize("name", ["Dense", "Conv"])
def test_a_network_is_as_good_on_test_rows_as_stated(name: str) -> None:
    pixels, classes = digits()
    groups = [group_of_content({"pixels": row}) for row in pixels]
    test = [split_of(group, SHARES) is Split.TEST for group in groups]
    logits = run(name, "head", run(name, "encoder", pixels[test]))
    right = (logits[:, 0].argmax(1) == classes[test]).mean()
    assert right == pytest.approx(stated(FOLDER)[name], abs=0.004)
    assert right > 0.95


def train(folder: Path, *words: str, **environment: str) -> Done:
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), "recipe=digits_openml", *words, *QUICK],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "no_proxy": "127.0.0.1", **environment},
    )  # fmt: skip


def test_the_bundled_rows_train_a_transcoder_without_a_network(tmp_path: Path) -> None:
    done = train(tmp_path, "data=digits_bundled")
    assert done.returncode == 0, done.stderr
    assert "1,277 train, 182 validation, 338 test rows" in done.stdout
    assert "retention" in done.stdout
    assert "refused: the dataset 'optdigits' cannot be" in done.stdout


XMLNS = 'xmlns:oml="http://openml.org/openml"'


def fill(cache: Path) -> None:
    """Put rows in the form of optdigits where openml looks for the dataset 28."""
    folder = cache / "org" / "openml" / "www" / "datasets" / "28"
    folder.mkdir(parents=True)
    told = {
        "id": 28, "name": "optdigits", "version": 1, "description": "digits", "format": "ARFF",
        "licence": "Public", "url": "http://127.0.0.1:9/optdigits.arff",
        "default_target_attribute": "class",
    }  # fmt: skip
    lines = "".join(f"<oml:{key}>{value}</oml:{key}>" for key, value in told.items())
    (folder / "description.xml").write_text(
        f"<oml:data_set_description {XMLNS}>{lines}</oml:data_set_description>"
    )
    pixels, classes = digits()
    heads = [f"@ATTRIBUTE input{number} INTEGER" for number in range(1, 65)]
    heads += ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA"]
    rows = [
        ",".join([*(f"{each:.0f}" for each in row), str(label)])
        for row, label in zip(pixels, classes, strict=True)
    ]
    text = "\n".join(["@RELATION optdigits", *heads, *rows])
    (folder / "dataset.arff").write_text(f"{text}\n")


def test_rows_in_the_cache_of_openml_fall_into_the_splits_of_the_bundled_ones(
    tmp_path: Path,
) -> None:
    fill(tmp_path / "cache")
    done = train(tmp_path, OPENML_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "optdigits: 1,277 train, 182 validation, 338 test rows" in done.stdout


def test_without_network_and_cache_one_sentence_says_what_to_bring(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    done = train(
        tmp_path, OPENML_CACHE_DIR=str(tmp_path / "cache"), https_proxy="http://127.0.0.1:9"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the dataset 'optdigits' cannot be used: ")
    assert done.stderr.count("\n") == 1
    assert "bring its files to that cache" in done.stderr


@pytest.mark.slow
def test_the_script_makes_the_world_anew(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_digits_world.py"
    subprocess.run([sys.executable, script, "--to", tmp_path], check=True, capture_output=True)
    found = stated(tmp_path)
    assert found == pytest.approx(stated(FOLDER), abs=0.02)
