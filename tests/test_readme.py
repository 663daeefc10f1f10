"""What the README shows works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import QUICK, ROOT, Done, run_train

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [
    line.partition("  #")[0].strip()
    for kind, body in BLOCKS
    if kind == "sh"
    for line in body.splitlines()
    if line.strip() and not line.startswith(("#", "make "))
]
LONG = (
    *("train.py -m", "prefix=live", "target=latent", "recipe=digits", "recipe=hub"),
    *("recipe=speech_latent", "recipe=entts_speech", "text_latent adapter=linear"),
)
"""What trains the main recipe once more, or has a test of its own; run with `-m slow`."""


@pytest.fixture
def folder(trained: tuple[Path, Done]) -> Path:
    """A folder in which the main job has run."""
    return trained[0]


def run(words: list[str], folder: Path) -> str:
    if words[:2] == ["python", "train.py"]:
        done = run_train(folder, [*words[2:], *(QUICK if "--help" not in words else ())])
    else:
        assert words[0] == ".venv/bin/transcoder"
        command = [sys.executable, "-m", "transcoder", *words[1:]]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_two_commands_come_first() -> None:
    assert re.findall(r"```sh\n(make \w+)\n```", README)[:2] == ["make train", "make test"]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(each, marks=pytest.mark.slow if any(sign in each for sign in LONG) else ())
        for each in COMMANDS
    ],
)
def test_every_command_runs(command: str, folder: Path) -> None:
    run(shlex.split(command), folder)


def test_the_first_conversion_prints_what_it_says(folder: Path) -> None:
    command = next(line for line in COMMANDS if "--via" in line)
    promised = re.search(rf"{re.escape(command)}\n# (\w+)", README)
    assert promised is not None
    assert run(shlex.split(command), folder).strip() == promised[1]


def run_python(block: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_facade_converts_as_shown(folder: Path) -> None:
    (block,) = [body for kind, body in BLOCKS if kind == "python" and "Middleware" in body]
    assert run_python(block, folder).endswith("vierhunderteinundzwanzig\n")


def test_the_exported_path_becomes_a_torch_module_as_shown(folder: Path) -> None:
    (block,) = [body for kind, body in BLOCKS if kind == "python" and "to_torch" in body]
    (export,) = [each for each in COMMANDS if "export-path" in each]
    run(shlex.split(export), folder)
    assert "torch.Size([1, 48, 22])" in run_python(block, folder)


def test_every_benchmark_that_is_named_is_there() -> None:
    named = re.findall(r"`python (benchmarks/\w+\.py)`", README)
    assert named
    assert all((ROOT / each).is_file() for each in named)
