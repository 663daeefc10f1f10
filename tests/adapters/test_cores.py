import numpy as np
import pytest
import torch
from torch import nn

from tests.adapters.pairs import Pairs
from transcoder.adapters import (
    AdapterSettings,
    Affine,
    LinearSettings,
    LowRankSettings,
    MlpSettings,
    ResidualSettings,
    Statistics,
    build_adapter,
    end_of,
    fit_ridge,
)
from transcoder.errors import AdapterMismatchError
from transcoder.vocabulary import Spec

SOURCE = Spec.parse("a: float32[batch, 6]")
TARGET = Spec.parse("b: float32[batch, 4]")
ALL = [
    LinearSettings(),
    LowRankSettings(rank=2),
    MlpSettings(hidden=8),
    ResidualSettings(hidden=8),
]


def _pairs(scale: float = 1.0, shift: float = 0.0) -> Pairs:
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 6)) * scale + shift
    return Pairs(x, np.tanh(x @ random.normal(size=(6, 4)) / scale) * 3 - 2)


def _build(settings: AdapterSettings, pairs: Pairs, seed: int = 0) -> tuple[nn.Module, Affine]:
    start = fit_ridge(pairs.moments, pairs.moments)
    adapter = build_adapter(
        settings,
        SOURCE,
        target=TARGET,
        start=start,
        statistics=Statistics.of(pairs.moments),
        generator=torch.Generator().manual_seed(seed),
    )
    return adapter, start


def _run(adapter: nn.Module, pairs: Pairs) -> torch.Tensor:
    given: torch.Tensor = adapter({"a": torch.from_numpy(pairs.source).float()})["b"]
    return given


@pytest.mark.parametrize("settings", [LinearSettings(), LowRankSettings(), ResidualSettings()])
@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1e4, -3e5), (1e-4, 0.0)])
def test_the_first_step_starts_from_the_closed_form_at_any_scale(
    settings: AdapterSettings, scale: float, shift: float
) -> None:
    pairs = _pairs(scale, shift)
    adapter, start = _build(settings, pairs)
    wanted = start.apply(pairs.source.astype(np.float32))
    assert np.allclose(_run(adapter, pairs).detach().numpy(), wanted, atol=2e-4)


@pytest.mark.parametrize("settings", ALL, ids=lambda each: type(each).__name__)
def test_the_seed_determines_the_weights_and_nothing_global_does(
    settings: AdapterSettings,
) -> None:
    before = torch.get_rng_state()
    first, second = (_build(settings, _pairs())[0].state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("settings", [MlpSettings(hidden=8), ResidualSettings(hidden=8)])
def test_another_seed_gives_other_weights(settings: AdapterSettings) -> None:
    first, second = (_build(settings, _pairs(), seed)[0].state_dict() for seed in (0, 1))
    assert any(not torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("settings", ALL, ids=lambda each: type(each).__name__)
def test_every_trainable_weight_of_the_last_layer_gets_a_gradient(
    settings: AdapterSettings,
) -> None:
    adapter, _ = _build(settings, _pairs())
    _run(adapter, _pairs()).square().mean().backward()  # type: ignore[no-untyped-call] # torch's
    *_, last = adapter.parameters()
    assert last.grad is not None
    assert last.grad.abs().sum() > 0


def test_a_frozen_start_leaves_only_the_branch_to_be_trained() -> None:
    adapter, _ = _build(ResidualSettings(hidden=8, train_start=False), _pairs())
    trained = {name for name, each in adapter.named_parameters() if each.requires_grad}
    assert trained
    assert all(name.startswith("branch.") for name in trained)


@pytest.mark.parametrize(
    "settings", [MlpSettings(noise=0.5), ResidualSettings(depth=1, dropout=0.5)]
)
def test_noise_and_dropout_are_only_there_in_training(settings: AdapterSettings) -> None:
    adapter, _ = _build(settings, _pairs())
    if isinstance(settings, ResidualSettings):
        nn.init.ones_(adapter.get_parameter("branch.3.weight"))
    assert not torch.equal(_run(adapter, _pairs()), _run(adapter, _pairs()))
    adapter.eval()
    assert torch.equal(_run(adapter, _pairs()), _run(adapter, _pairs()))


def test_constant_columns_do_not_blow_up() -> None:
    x = np.hstack([_pairs().source[:, :5], np.full((40, 1), 1e3)])
    pairs = Pairs(x, _pairs().target)
    adapter, _ = _build(MlpSettings(hidden=8), pairs)
    moved = torch.from_numpy(pairs.source).float()
    moved[:, 5] += 1e-3
    assert torch.allclose(adapter({"a": moved})["b"], _run(adapter, pairs), atol=1)


@pytest.mark.parametrize(
    "spec",
    [
        Spec.parse("h: float32[batch, time, 6]"),
        Spec.parse("h: float32[batch, time, 6]", "mask: bool[batch, other]"),
        Spec.parse("h: float32[batch, dim]"),
        Spec.parse("h: int64[batch, 6]"),
        Spec.parse("h: float32[batch, 6]", "mask: bool[batch, time]"),
    ],
    ids=str,
)
def test_anything_but_a_vector_or_a_masked_sequence_is_refused(spec: Spec) -> None:
    with pytest.raises(AdapterMismatchError, match=r"only float32\[batch, D\], or float32"):
        end_of(spec)


def test_a_closed_form_of_another_shape_is_refused() -> None:
    wrong = Affine("ridge", np.zeros((6, 5)), np.zeros(5))
    with pytest.raises(AdapterMismatchError, match=r"'ridge' has the shape \(6, 5\)"):
        build_adapter(
            LinearSettings(),
            SOURCE,
            target=TARGET,
            start=wrong,
            statistics=Statistics.of(_pairs().moments),
            generator=torch.Generator(),
        )


def test_statistics_of_another_latent_are_refused() -> None:
    with pytest.raises(AdapterMismatchError, match=r"training rows have the lengths \(6, 4\)"):
        build_adapter(
            LinearSettings(),
            TARGET,
            target=SOURCE,
            start=Affine("mean", np.zeros((4, 6)), np.zeros(6)),
            statistics=Statistics.of(_pairs().moments),
            generator=torch.Generator(),
        )
