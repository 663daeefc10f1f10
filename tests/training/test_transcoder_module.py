from dataclasses import replace
from hashlib import sha256

import pytest
import torch
from torch import Tensor, nn
from typing_extensions import override

from tests.training.tiny_fit import TARGET, tiny_adapter, tiny_data
from transcoder.adapters import LinearSettings
from transcoder.errors import UnknownNameError
from transcoder.objectives import latent_objective
from transcoder.training import (
    LearningGraph,
    Schedule,
    Term,
    TranscoderModule,
    latent_term,
    latent_terms,
)
from transcoder.vocabulary import Scorer


class Frozen(nn.Module):
    """A net with everything that must stand still: weights, dropout and a running mean."""

    def __init__(self, given: str, wanted: str, dims: tuple[int, int]) -> None:
        super().__init__()
        self.given, self.wanted = given, wanted
        self.net = nn.Sequential(nn.Linear(*dims), nn.BatchNorm1d(dims[1]), nn.Dropout(0.5))

    @override
    def forward(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {self.wanted: self.net(tensors[self.given])}


def _module(prefix: nn.Module | None = None) -> TranscoderModule:
    output = Term(
        "output", Scorer.MSE, "c", "source", "a", suffix=Frozen("b", "c", (4, 6)), weight=0.5
    )
    terms = [latent_term(TARGET, variance=2.0, weight=3.0), output]
    graph = LearningGraph(tiny_adapter(LinearSettings()), {"rows": terms}, prefix)
    return TranscoderModule(graph, Schedule(steps=10))


def _digest(module: nn.Module) -> str:
    whole = b"".join(value.numpy().tobytes() for value in module.state_dict().values())
    return sha256(whole).hexdigest()


def test_the_loss_is_the_weighted_sum_of_all_terms_on_one_output() -> None:
    module, batch = _module(), next(iter(tiny_data().train_dataloader()))
    given = module(batch["rows"]["source"])["b"]
    wanted = batch["rows"]["latent"]["b"]
    back = module.suffixes["output"]({"b": given})["c"]
    exact = 3 * (given - wanted).square().mean() / 2
    exact += 0.5 * (back - batch["rows"]["source"]["a"]).square().mean()
    assert module.measure(batch)["loss"].item() == pytest.approx(exact.item(), rel=1e-6)


def test_a_term_may_take_some_rows_in_training_and_takes_all_in_validation() -> None:
    batch = next(iter(tiny_data().train_dataloader()))
    whole, part = latent_term(TARGET, variance=2.0), latent_term(TARGET, variance=2.0)
    some = TranscoderModule(
        LearningGraph(tiny_adapter(LinearSettings()), {"rows": [replace(part, rows=3)]}),
        Schedule(10),
    )
    everything = TranscoderModule(
        LearningGraph(tiny_adapter(LinearSettings()), {"rows": [whole]}), Schedule(10)
    )
    first = {"rows": {name: {"a": each["a"][:3]} if name == "source" else {"b": each["b"][:3]}
             for name, each in batch["rows"].items()}}  # fmt: skip
    assert some.measure(batch)["loss"].item() == everything.measure(first)["loss"].item()
    some.eval()
    assert some.measure(batch)["loss"].item() == everything.measure(batch)["loss"].item()


def test_gradients_pass_through_the_frozen_nets_and_leave_them_alone() -> None:
    module, batch = _module(), next(iter(tiny_data().train_dataloader()))
    before = _digest(module.suffixes)
    module.train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.1)
    loss = module.measure(batch)["loss"]
    loss.backward()  # type: ignore[no-untyped-call] # torch's
    optimizer.step()
    assert module.adapter.get_parameter("affine.weight").grad is not None
    assert _digest(module.suffixes) == before


def test_frozen_nets_stay_in_eval_when_the_module_trains() -> None:
    module = _module(prefix=Frozen("t", "a", (3, 6)))
    module.train()
    assert module.prefix is not None
    assert module.adapter.training
    frozen = [*module.prefix.modules(), *module.suffixes["output"].modules()]
    assert not any(each.training for each in frozen)


def test_only_the_adapter_goes_into_checkpoints() -> None:
    module = _module()
    checkpoint = {"state_dict": module.state_dict()}
    module.on_save_checkpoint(checkpoint)
    assert checkpoint["state_dict"]
    assert all(name.startswith("adapter.") for name in checkpoint["state_dict"])


def test_a_live_prefix_gives_the_losses_of_the_stored_latents() -> None:
    prefix = Frozen("t", "a", (3, 6))
    live = _module(prefix)
    cached = _module()
    cached.load_state_dict(live.state_dict(), strict=False)
    tokens = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    batch = next(iter(tiny_data().train_dataloader()))
    stored = batch["rows"] | {"source": {"a": prefix({"t": tokens})["a"]}}
    entered = stored | {"source": {"t": tokens, "a": stored["source"]["a"]}}
    losses = [
        cached.measure({"rows": stored})["loss"].item(),
        live.measure({"rows": entered})["loss"].item(),
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_the_optimizer_gets_what_is_trainable_and_the_schedule_of_the_recipe() -> None:
    configured = _module().configure_optimizers()
    assert isinstance(configured, dict)
    optimizer = configured["optimizer"]
    assert [tuple(each.shape) for each in optimizer.param_groups[0]["params"]] == [(4, 6), (4,)]


@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_the_step_size_ends_at_zero_and_never_exceeds_the_rate(warmup: float) -> None:
    factors = [Schedule(50, warmup=warmup).factor(step) for step in range(60)]
    assert max(factors) == 1
    assert factors[50] == factors[59] == 0
    assert all(0 <= each <= 1 for each in factors)


def test_each_weighted_objective_of_a_latent_is_a_term_of_its_own() -> None:
    objectives = {"mse": 0.5, "cosine": 0.0, "info_nce": 0.2}
    terms = list(latent_terms(TARGET, objectives, variance=4.0, reference="latent", weight=2.0))
    assert [(each.name, each.weight) for each in terms] == [
        ("latent", 1.0),
        ("latent_info_nce", 0.4),
    ]
    assert terms[1].objective is not None


def test_a_loss_between_latents_does_not_see_their_scale() -> None:
    given, wanted = torch.randn(4, 3), torch.randn(4, 3)
    for name in ("mse", "smooth_l1", "distances"):
        small, large = latent_objective(name, 1.0), latent_objective(name, 100.0)
        assert large(100 * given, 100 * wanted).item() == pytest.approx(
            small(given, wanted).item(), rel=1e-5
        )


def test_a_loss_between_latents_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no loss between latents 'mce'"):
        latent_objective("mce", 1.0)
