"""`train.py` as a user types it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from transcoder.recipe import find_recipes
from transcoder.workflows import Middleware

ROOT = Path(__file__).parent.parent


def train(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "train.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", list(find_recipes()))
def test_every_recipe_trains_an_epoch_from_any_folder(tmp_path: Path, name: str) -> None:
    done = train(tmp_path, f"recipe={name}", "trainer.max_epochs=1", "resamples=50")
    assert done.returncode == 0, done.stderr
    assert "making the registry" in done.stdout
    assert "registered as version 1, current" in " ".join(done.stdout.split())
    model = yaml.safe_load((ROOT / "recipes" / f"{name}.yaml").read_text("utf-8"))["transcoder"]
    assert Middleware.open(tmp_path / "registry").get_model(model["model"])[0].is_current


def test_help_explains_itself_without_a_recipe(tmp_path: Path) -> None:
    done = train(tmp_path, "--help")
    assert done.returncode == 0
    assert "python train.py recipe=entts_text_latent" in done.stdout
    assert "adapter: linear, mlp, residual" in done.stdout


def test_the_composed_configuration_can_be_shown(tmp_path: Path) -> None:
    done = train(tmp_path, "recipe=entts_text_latent", "adapter=linear", "--cfg", "job")
    assert yaml.safe_load(done.stdout)["adapter"] == {"kind": "linear"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "choose a recipe with recipe=NAME, one of: entts_text_latent"),
        (["recipe=nothing"], "available options in 'recipe': entts_text_latent"),
        (["recipe=entts_text_latent", "data.dataset=x"], "from a dataset named 'x'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = train(tmp_path, *arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_failing_job_of_a_sweep_leaves_the_others_alone(tmp_path: Path) -> None:
    target = "transcoder.target=nothing,nowhere"
    done = train(tmp_path, "-m", "recipe=entts_text_latent", target)
    assert done.returncode == 1
    assert "there is no modality 'nothing'" in done.stderr
    assert "there is no modality 'nowhere'" in done.stderr
    assert done.stdout.count("failed") == 2
