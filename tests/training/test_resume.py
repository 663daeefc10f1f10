import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training import tiny_fit
from transcoder.training import Fitted


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return tiny_fit.tiny_fit(tmp_path_factory.mktemp("undisturbed"))


def _assert_same(first: Fitted, second: Fitted) -> None:
    weights, others = first.adapter.state_dict(), second.adapter.state_dict()
    assert all(torch.equal(weights[name], others[name]) for name in weights)
    assert first.history == second.history
    assert first.steps == second.steps == 15


def _raise_at(wanted: int, error: type[BaseException]) -> Callable[[int], None]:
    def stop(taken: int) -> None:
        if taken == wanted:
            raise error

    return stop


# An epoch takes five batches to learn from, then two that choose: 7 begins the second one.
@pytest.mark.parametrize("stop_at", [0, 2, 4, 5, 7, 9, 12, 14, 20])
def test_a_fit_that_broke_anywhere_goes_on_to_the_same_bits(
    stop_at: int, tmp_path: Path, undisturbed: Fitted
) -> None:
    with pytest.raises(OSError, match=r"^$"):
        tiny_fit.tiny_fit(tmp_path, _raise_at(stop_at, OSError))
    _assert_same(tiny_fit.tiny_fit(tmp_path), undisturbed)


@pytest.mark.parametrize("stop_at", [10, 13], ids=["mid-epoch", "validation"])
def test_a_fit_that_was_killed_goes_on_to_the_same_bits(
    stop_at: int, tmp_path: Path, undisturbed: Fitted
) -> None:
    command = [sys.executable, str(Path(tiny_fit.__file__)), str(tmp_path), str(stop_at)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert (tmp_path / "last.ckpt").exists()
    _assert_same(tiny_fit.tiny_fit(tmp_path), undisturbed)


def test_an_interrupt_comes_through_and_the_next_fit_goes_on(
    tmp_path: Path, undisturbed: Fitted
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        tiny_fit.tiny_fit(tmp_path, _raise_at(10, KeyboardInterrupt))
    assert signal.getsignal(signal.SIGINT) is handler
    _assert_same(tiny_fit.tiny_fit(tmp_path), undisturbed)


def test_a_finished_fit_is_told_again_from_its_folder(
    tmp_path: Path, undisturbed: Fitted
) -> None:
    tiny_fit.tiny_fit(tmp_path)
    _assert_same(tiny_fit.tiny_fit(tmp_path), undisturbed)


def test_checkpoints_load_without_unpickling(tmp_path: Path) -> None:
    tiny_fit.tiny_fit(tmp_path)
    for name in ("best.ckpt", "last.ckpt"):
        assert torch.load(tmp_path / name, weights_only=True)["state_dict"]
