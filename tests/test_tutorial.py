"""What the tutorial shows works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

ROOT = Path(__file__).parent.parent
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
SCRIPT = re.findall(r"```python\n(.*?)```", TUTORIAL, flags=re.DOTALL)[0]
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", TUTORIAL, flags=re.DOTALL)
    for line in block.splitlines()
]
TRAINING = next(place for place, line in enumerate(COMMANDS) if "train.py" in line)


def run(words: list[str], folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def follow(commands: list[str], folder: Path) -> list[str]:
    """Run commands in a folder, after the script that makes the networks."""
    run([sys.executable, "-c", SCRIPT], folder)
    starts = {
        "transcoder": [sys.executable, "-m", "transcoder"],
        "python": [sys.executable],
    }
    told = []
    for line in commands:
        first, *words = shlex.split(line.replace("$PWD", str(folder)))
        words = [str(ROOT / each) if each == "train.py" else each for each in words]
        told.append(run([*starts[first], *words], folder))
    return told


def test_the_commands_before_training_run(tmp_path: Path) -> None:
    *_, found = follow(COMMANDS[:TRAINING], tmp_path)
    assert "latent" in found


@pytest.mark.slow
def test_every_command_runs(tmp_path: Path) -> None:
    follow(COMMANDS, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "ears_to_eyes.onnx")
    assert [each.name for each in session.get_outputs()] == ["hidden"]
