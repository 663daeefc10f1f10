"""What several folders of tests share: the main job, run once and quickly."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

# No test asserts a time, its making of examples included.
settings.register_profile(
    "slow machines", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("slow machines")

ROOT = Path(__file__).parent.parent
QUICK = ("trainer.max_epochs=1", "resamples=50", "data.judged_rows=400")

Done = subprocess.CompletedProcess[str]


def run_train(folder: Path, arguments: Sequence[str]) -> Done:
    """Run `train.py` as a user in a folder does."""
    command = [sys.executable, str(ROOT / "train.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, Done]:
    """A folder in which the main job has run, once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "trained"
    told = folder / "told.json"
    with FileLock(f"{folder}.lock"):
        if not told.exists():
            folder.mkdir()
            done = run_train(folder, ["recipe=entts_text_latent", *QUICK])
            told.write_text(json.dumps([done.returncode, done.stdout, done.stderr]), "utf-8")
    returncode, stdout, stderr = json.loads(told.read_text("utf-8"))
    return folder, Done(["train.py"], returncode, stdout, stderr)
