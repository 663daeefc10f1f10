"""Five steps at seed 0; `python -m tests.training.test_golden_losses` prints them."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.training.tiny_fit import tiny_fit
from transcoder.adapters import (
    AdapterSettings,
    LinearSettings,
    LowRankSettings,
    MlpSettings,
    ResidualSettings,
)
from transcoder.training import FitSettings

ADAPTERS: dict[str, AdapterSettings] = {
    "linear": LinearSettings(),
    "lowrank": LowRankSettings(rank=2),
    "mlp": MlpSettings(hidden=8),
    "partial": ResidualSettings(hidden=8, depth=1, train_start=False),
    "residual": ResidualSettings(hidden=8, depth=1),
}

GOLDEN = {
    "linear": [0.152397, 0.152612, 0.152451, 0.152513, 0.15249],
    "lowrank": [0.267926, 0.265321, 0.263342, 0.262134, 0.261545],
    "mlp": [1.060202, 1.040515, 1.023899, 1.012312, 1.006303],
    "partial": [0.152397, 0.151307, 0.150248, 0.14944, 0.149015],
    "residual": [0.152397, 0.151589, 0.150294, 0.149287, 0.14876],
}


def five_losses(adapter: AdapterSettings, folder: Path) -> list[float]:
    """Train for five epochs of one step each."""
    settings = FitSettings(max_epochs=5, learning_rate=1e-2, accelerator="cpu")
    fitted = tiny_fit(folder, adapter=adapter, settings=settings, batch_size=40)
    return [epoch["train/loss"] for epoch in fitted.history]


@pytest.mark.parametrize("name", ADAPTERS)
def test_five_steps_give_the_golden_losses(name: str, tmp_path: Path) -> None:
    assert five_losses(ADAPTERS[name], tmp_path) == pytest.approx(GOLDEN[name], rel=1e-4)


if __name__ == "__main__":
    for each, settings_ in ADAPTERS.items():
        with TemporaryDirectory() as temporary:
            losses = [round(loss, 6) for loss in five_losses(settings_, Path(temporary))]
        sys.stdout.write(f'    "{each}": {losses},\n')
