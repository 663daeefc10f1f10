"""A sweep that learns from its trials goes on with its study, and ends what falls behind."""

import inspect
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from transcoder.recipe import CONFIG_FOLDER, OptunaSweeper

SCRIPT = """
import math
from transcoder.errors import PrunedError, TranscoderError
from transcoder.recipe import main
from transcoder.reports import RunResult

def train(config, watch):
    rate = config.optimizer.learning_rate
    score = -abs(math.log10(rate) + 2)
    if rate > 0.5:
        raise TranscoderError("it diverges")
    for epoch in range(3):
        if watch is not None and watch(epoch, {"validation/loss": -score}):
            raise PrunedError(epoch)
    scores = {"ridge": {"validation/r2": (1.0, None, None)},
              config.adapter.kind: {"validation/r2": (score, None, None)}}
    return RunResult(str(rate), "ridge", "", 1, True, False, 1.0, 1, scores)

main(train)
"""
ASKED = ("recipe=entts_text_latent", "adapter=linear,residual",
         "optimizer.learning_rate=tag(log,interval(1e-4,0.4))")  # fmt: skip


def sweep(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    chosen = ("-m", "hydra/sweeper=transcoder_optuna", *arguments)
    command = [sys.executable, "-c", SCRIPT, *chosen]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def states(folder: Path) -> Sequence[str]:
    from transcoder.recipe import open_study

    (journal,) = folder.glob("runs/*/sweeps/*/study.journal")
    return [each.state.name for each in open_study(journal, journal.parent.name).trials]


def test_without_optuna_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "optuna.py").write_text("raise ImportError", "utf-8")
    done = sweep(tmp_path, *ASKED)
    assert done.returncode == 1
    assert "needs the package 'optuna', which is not installed" in done.stderr


@pytest.mark.slow
def test_trials_are_judged_by_their_nets_and_the_same_command_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    done = sweep(tmp_path, *ASKED, "hydra.sweeper.n_trials=9")
    assert done.returncode == 0, done.stderr
    first = states(tmp_path)
    assert len(first) == 9
    assert set(first) == {"COMPLETE", "PRUNED"}
    assert done.stdout.count("pruned") == first.count("PRUNED")
    again = sweep(tmp_path, *ASKED, "hydra.sweeper.n_trials=11")
    assert "#10 :" in again.stdout
    assert states(tmp_path)[:9] == first
    assert len(states(tmp_path)) == 11
    (page,) = tmp_path.glob("runs/*/sweeps/*/sweep.html")
    assert "of the trained net by optimizer.learning_rate" in page.read_text("utf-8")


@pytest.mark.slow
def test_what_a_killed_sweep_left_half_done_is_asked_once_more(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    from transcoder.recipe import open_study

    named = (*ASKED, "hydra.sweeper.study=mine", "hydra.sweeper.n_trials=3")
    folder = tmp_path / "runs" / "entts_text_latent" / "sweeps" / "mine"
    folder.mkdir(parents=True)
    study = open_study(folder / "study.journal", "mine")
    half = study.ask()
    half.suggest_categorical("adapter", ("linear", "residual"))
    assert sweep(tmp_path, *named).returncode == 0
    told = open_study(folder / "study.journal", "mine").trials
    assert [each.state.name for each in told] == ["FAIL", *["COMPLETE"] * 3]
    assert told[1].params["adapter"] == half.params["adapter"]


@pytest.mark.slow
def test_a_trial_that_fails_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    done = sweep(tmp_path, ASKED[0], "optimizer.learning_rate=1e-2,0.9",
                 "hydra.sweeper.n_trials=4")  # fmt: skip
    assert done.returncode == 1
    assert "it diverges" in done.stderr
    assert set(states(tmp_path)) == {"COMPLETE", "FAIL"}


def test_the_leaf_lists_every_knob_of_the_sweeper() -> None:
    leaf = yaml.safe_load((CONFIG_FOLDER / "hydra/sweeper/transcoder_optuna.yaml").read_text())
    knobs = inspect.signature(OptunaSweeper.__init__).parameters
    assert {*leaf} - {"_target_"} == {*knobs} - {"self"}


def test_a_sweep_with_nothing_to_choose_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    done = sweep(tmp_path, ASKED[0])
    assert done.returncode == 1
    assert "nothing is left to choose; give key=a,b or key=interval(a,b)" in done.stderr
