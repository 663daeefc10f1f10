"""What the guides in docs show works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

ROOT = Path(__file__).parent.parent
STARTS = {"transcoder": [sys.executable, "-m", "transcoder"], "python": [sys.executable]}


def run(words: list[str], folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def follow(guide: str, folder: Path, *, until: str = "never") -> list[str]:
    """Run the commands of a guide in a folder, after the script that makes its files."""
    text = (ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8")
    run([sys.executable, "-c", re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]], folder)
    told: list[str] = []
    for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL):
        for line in block.splitlines():
            if until in line:
                return told
            first, *words = shlex.split(line.replace("$PWD", str(folder)))
            words = [str(ROOT / each) if each == "train.py" else each for each in words]
            told.append(run([*STARTS[first], *words], folder))
    return told


def test_the_tutorial_runs_until_it_trains(tmp_path: Path) -> None:
    *_, found = follow("tutorial", tmp_path, until="train.py")
    assert "latent" in found


@pytest.mark.slow
def test_the_whole_tutorial_runs(tmp_path: Path) -> None:
    follow("tutorial", tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "ears_to_eyes.onnx")
    assert [each.name for each in session.get_outputs()] == ["hidden"]


def test_stored_vectors_are_converted_as_the_guide_says(tmp_path: Path) -> None:
    follow("vectors", tmp_path)
    given, wanted = (np.load(tmp_path / f"{name}.npy") for name in ("ada_as_small", "small"))
    assert given.shape == wanted.shape
    assert ((given - wanted) ** 2).mean() < 0.1 * wanted.var()
