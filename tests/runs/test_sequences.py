"""Runs between sequences, and between sequences and vectors."""

from pathlib import Path

import pytest

from tests.runs.conftest import finish, tiny_config
from tests.sequence_world import write_sequence_world
from transcoder.errors import AdapterMismatchError
from transcoder.recipe import (
    AdapterConfig,
    AttentionConfig,
    BiLstmConfig,
    DataConfig,
    LinearConfig,
    ObjectiveConfig,
    OptimizerConfig,
    ResidualConfig,
    RunConfig,
    TrainerConfig,
    TranscoderConfig,
)
from transcoder.runs import train
from transcoder.workflows import Middleware


def sequence_config(
    folder: Path, target: str, adapter: AdapterConfig, **more: object
) -> RunConfig:
    """A run from the open sequence to another latent."""
    write_sequence_world(folder / "world")
    return tiny_config(
        folder,
        transcoder=TranscoderConfig("joined", "{Open}", target),
        adapter=adapter,
        trainer=TrainerConfig(max_epochs=10),
        optimizer=OptimizerConfig(learning_rate=3e-3),
        data=DataConfig(batch_size=32),
        **more,
    )


@pytest.mark.parametrize(
    "adapter",
    [pytest.param(LinearConfig(), marks=pytest.mark.slow), BiLstmConfig(hidden=16)],
    ids=lambda each: each.kind,
)
def test_one_sequence_becomes_another_position_by_position(
    tmp_path: Path, adapter: AdapterConfig
) -> None:
    config = sequence_config(tmp_path, "{Other}", adapter, insist=True)
    result = finish(config)
    assert result.scores["ridge"]["test/r2"][0] > 0.7
    assert (
        result.scores[adapter.kind]["test/r2"][0] >= result.scores["ridge"]["test/r2"][0] - 0.02
    )
    middleware = Middleware.open(config.registry.url)
    path = middleware.get_path("text<en>", "{Other}", pieces=["joined"])
    made = middleware.convert("abc", path)
    assert isinstance(made, dict)
    assert made["states"].shape == (3, 8)


@pytest.mark.slow
def test_a_sequence_is_pooled_into_a_vector(tmp_path: Path) -> None:
    objective = ObjectiveConfig(info_nce=0.1)
    adapter = AttentionConfig(width=32, heads=2)
    result = finish(
        sequence_config(tmp_path, "{Vector}", adapter, objective=objective, insist=True)
    )
    assert {"mean", "ridge", "attention"} <= set(result.scores)
    assert result.scores["attention"]["test/r2"][0] > result.scores["ridge"]["test/r2"][0]


def test_where_no_closed_form_fits_it_is_said_and_the_net_stands_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = finish(sequence_config(tmp_path, "{Set}", AttentionConfig(width=32, heads=2)))
    shown = " ".join(capsys.readouterr().out.split())
    assert "none fits: the target is a sequence of another length" in shown
    assert "starting from nothing" in shown
    assert "no closed form fits its ends, so 'attention' stands alone" in shown
    assert set(result.scores) == {"attention"}
    assert result.scores["attention"]["test/r2"][0] > 0.1
    assert result.is_current


def test_an_adapter_that_does_not_fit_the_ends_says_so_before_anything_is_computed(
    tmp_path: Path,
) -> None:
    config = sequence_config(tmp_path, "{Set}", ResidualConfig(hidden=8))
    with pytest.raises(AdapterMismatchError, match="take adapter=attention"):
        train(config)
    assert not (Path(config.registry.url) / "store").exists()
