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
    "low_rank": LowRankSettings(rank=2),
    "mlp": MlpSettings(hidden=8),
    "partial": ResidualSettings(hidden=8, depth=1, train_start=False),
    "residual": ResidualSettings(hidden=8, depth=1),
}

GOLDEN = {
    "linear": [0.997596, 0.956011, 0.919747, 0.894312, 0.881169],
    "low_rank": [0.997841, 0.995297, 0.992144, 0.989367, 0.987717],
    "mlp": [1.060202, 1.040515, 1.023899, 1.012312, 1.006303],
    "partial": [0.997596, 0.981343, 0.965059, 0.952143, 0.94488],
    "residual": [0.997596, 0.940124, 0.888467, 0.851292, 0.831685],
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
