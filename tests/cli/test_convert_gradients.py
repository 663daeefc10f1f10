"""`transcoder convert --gradients` on the tiny world."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.tiny_world import SYMBOLS, WIDTH, write_tiny_world
from transcoder.cli import app


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gradients")
    world = write_tiny_world(folder / "world")
    applied = CliRunner().invoke(app, ["apply", str(world), "--registry", str(folder / "reg")])
    assert applied.exit_code == 0, applied.output
    return folder / "reg"


def call(registry: Path, *arguments: str) -> Result:
    ends = ["--from", "text<en>", "--to", "text<de>", "--registry", str(registry)]
    return CliRunner().invoke(app, ["convert", "qz", *ends, *arguments])


def test_gradients_are_written_beside_the_result(registry: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.npz"
    done = call(registry, "--gradients", str(file))
    assert done.stdout == "qz\n"
    assert "gradients of logits<Cleo> with respect to text_latent@1" in done.stderr
    with np.load(file) as found:
        assert found["hidden"].shape == (WIDTH,)


def test_a_cotangent_from_a_file_chooses_what_is_differentiated(
    registry: Path, tmp_path: Path
) -> None:
    weights = np.zeros((2, SYMBOLS), np.float32)
    weights[0, 3] = 1
    np.savez(tmp_path / "in.npz", logits=weights)
    files = ("--gradients", str(tmp_path / "o.npz"), "--cotangent", str(tmp_path / "in.npz"))
    shown = json.loads(call(registry, *files, "--json").stdout)
    assert shown["result"] == "qz"
    assert shown["gradients"]["source"] == "text_latent@1"
    with np.load(tmp_path / "o.npz") as found:
        assert found["hidden"][: WIDTH // 2].any()
        assert not found["hidden"][WIDTH // 2 :].any()


def test_a_cotangent_alone_is_wrong_usage(registry: Path, tmp_path: Path) -> None:
    done = call(registry, "--cotangent", str(tmp_path / "in.npz"))
    assert done.exit_code == 2
    assert "--gradients" in done.stderr


def test_a_cotangent_of_another_shape_is_one_sentence(registry: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "in.npy", np.ones(3, np.float32))
    files = ("--gradients", str(tmp_path / "o.npz"), "--cotangent", str(tmp_path / "in.npy"))
    done = call(registry, *files)
    assert done.exit_code == 1
    assert "has the shape (3,); give one of the shape (2, 27)" in done.stderr
