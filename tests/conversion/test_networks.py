"""Whole networks, converted, against ONNX Runtime and against the original in torch."""

import copy
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from tests.conversion.onnx_graphs import run_onnxruntime
from transcoder.conversion import OnnxModule, to_torch
from transcoder.interchange import read_signature

NETWORKS = Path(__file__).parents[2] / "recipes" / "worlds" / "numbers"


class _Reader(nn.Module):
    """Tokens to a vector through a recurrent network and a masked mean."""

    def __init__(self, kind: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.embed, self.rnn, self.head = nn.Embedding(9, 4), kind(4, 5), nn.Linear(10, 3)

    @override
    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.rnn(self.embed(tokens).transpose(0, 1))
        real = (tokens != 0).to(states.dtype).t()[..., None]
        result: Tensor = torch.tanh(
            self.head((states * real).sum(0) / real.sum(0).clamp(min=1))
        )
        return result


class _Writer(nn.Module):
    """A vector to frames through transposed convolutions and a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.start, self.norm = nn.Linear(6, 12), nn.LayerNorm(3)
        self.grow = nn.ConvTranspose1d(3, 4, 4, stride=2, padding=1)
        self.last = nn.Conv1d(4, 2, 3, padding=1)

    @override
    def forward(self, hidden: Tensor) -> Tensor:
        rows = self.norm(self.start(hidden).reshape(-1, 4, 3)).transpose(1, 2)
        result: Tensor = self.last(nn.functional.gelu(self.grow(rows))).transpose(1, 2)
        return result


class _Attender(nn.Module):
    """A causal attention layer with a residual and a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.mix, self.out = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 8)

    @override
    def forward(self, rows: Tensor) -> Tensor:
        batch, time, _ = rows.shape
        parts = self.mix(self.norm(rows)).reshape(batch, time, 3, 2, 4).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        result: Tensor = rows + self.out(mixed.transpose(1, 2).reshape(batch, time, 8))
        return result


class _Seer(nn.Module):
    """A small convolutional classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(4, 8, 3, groups=4, padding=1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(8, 3),
        )  # fmt: skip

    @override
    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)  # type: ignore[no-any-return]  # torch is not typed here


def exported(module: nn.Module, example: Tensor, axes: dict[int, str]) -> bytes:
    """Export by the older of torch's exporters, which takes a fraction of a second."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), (example,), file,  # type: ignore[arg-type]  # the older exporter takes files
            dynamo=False, opset_version=17,
            input_names=["x"], dynamic_axes={"x": axes},
        )  # fmt: skip
    return file.getvalue()


def tokens(batch: int, time: int, *, seed: int = 0) -> Tensor:
    """Make rows of tokens with padding at the end of each other row."""
    rows = torch.randint(1, 9, (batch, time), generator=torch.Generator().manual_seed(seed))
    rows[::2, -2:] = 0
    return rows


def floats(*shape: int, seed: int = 0) -> Tensor:
    """Make normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _rnn(kind: Callable[..., nn.Module]) -> Callable[[int, int], nn.Module]:
    return lambda width, hidden: kind(width, hidden, bidirectional=True)


CASES: dict[str, tuple[nn.Module, Tensor, Tensor, dict[int, str]]] = {
    "gru": (_Reader(_rnn(nn.GRU)), tokens(2, 5), tokens(3, 8), {0: "b", 1: "t"}),
    "lstm": (_Reader(_rnn(nn.LSTM)), tokens(2, 5), tokens(3, 8), {0: "b", 1: "t"}),
    "rnn": (_Reader(_rnn(nn.RNN)), tokens(2, 5), tokens(1, 8), {0: "b", 1: "t"}),
    "writer": (_Writer(), floats(2, 6), floats(5, 6), {0: "b"}),
    "attention": (_Attender(), floats(2, 5, 8), floats(3, 7, 8), {0: "b", 1: "t"}),
    "image": (_Seer(), floats(2, 2, 16, 16), floats(3, 2, 20, 12), {0: "b", 2: "h", 3: "w"}),
}


@pytest.fixture(scope="module")
def networks() -> dict[str, OnnxModule]:
    return {
        name: to_torch(exported(net, at, axes)) for name, (net, at, _, axes) in CASES.items()
    }


@pytest.mark.parametrize("name", CASES)
def test_a_converted_network_equals_the_original_at_another_size(
    name: str, networks: dict[str, OnnxModule]
) -> None:
    original, _, other, _ = CASES[name]
    torch.testing.assert_close(networks[name](other), original(other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["writer", "attention", "image"])
def test_a_converted_network_has_the_gradients_of_the_original(
    name: str, networks: dict[str, OnnxModule]
) -> None:
    original, _, other, _ = CASES[name]
    here, there = other.clone().requires_grad_(), other.clone().requires_grad_()
    networks[name](here).sin().sum().backward()
    original(there).sin().sum().backward()
    torch.testing.assert_close(here.grad, there.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_double_precision_carries_through_the_whole_network(
    name: str, networks: dict[str, OnnxModule]
) -> None:
    original, _, other, _ = CASES[name]
    wide = other.double() if other.is_floating_point() else other
    given = copy.deepcopy(networks[name]).double()(wide)
    wanted = copy.deepcopy(original).double()(wide)
    torch.testing.assert_close(given, wanted, rtol=1e-6, atol=1e-7)


DEVICES = ["meta", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", CASES)
def test_every_tensor_of_a_network_moves(
    name: str, device: str, networks: dict[str, OnnxModule]
) -> None:
    _, at, other, _ = CASES[name]
    module = copy.deepcopy(networks[name])
    module(at)
    moved = module.to(device)
    assert {each.device.type for each in (*moved.parameters(), *moved.buffers())} <= {device}
    for rows in (other, at):
        given = moved(rows.to(device))
        assert given.device.type == device
        assert given.shape == networks[name](rows).shape


def test_a_deep_copy_shares_nothing_and_gives_the_same(networks: dict[str, OnnxModule]) -> None:
    first, rows = networks["gru"], tokens(3, 6)
    before = first(rows)
    second = copy.deepcopy(first)
    with torch.no_grad():
        for weight in second.parameters():
            weight.zero_()
    assert torch.equal(first(rows), before)
    assert not torch.equal(second(rows), before)


def test_weights_are_held_once_and_frozen(networks: dict[str, OnnxModule]) -> None:
    original, converted = CASES["gru"][0], networks["gru"]
    held = sum(each.numel() for each in converted.parameters())
    assert held <= sum(each.numel() for each in original.parameters()) + 8
    assert not any(each.requires_grad for each in converted.parameters())


def test_training_mode_changes_nothing(networks: dict[str, OnnxModule]) -> None:
    images = floats(3, 2, 16, 16)
    before = networks["image"](images)
    assert torch.equal(networks["image"].train()(images), before)
    assert not networks["image"].training


def test_a_trainable_conversion_gives_gradients_to_weights() -> None:
    net, at, other, axes = CASES["writer"]
    module = to_torch(exported(net, at, axes), trainable=True)
    module(other).square().sum().backward()
    wanted = [each for each in module.parameters() if each.requires_grad]
    assert wanted
    assert all(each.grad is not None for each in wanted)


@pytest.mark.parametrize("path", sorted(NETWORKS.glob("*.onnx")), ids=lambda path: path.stem)
@pytest.mark.parametrize(("batch", "time"), [(1, 6), (5, 17)])
def test_networks_of_the_numbers_world_equal_onnxruntime(
    path: Path, batch: int, time: int
) -> None:
    content = path.read_bytes()
    module = to_torch(content)
    (name,) = module.input_names
    rows = _rows_for(name, content, batch, time)
    (wanted,) = run_onnxruntime(content, {name: rows})
    given = module(torch.from_numpy(rows)).numpy()
    np.testing.assert_allclose(
        given, wanted, rtol=1e-4, atol=1e-5 * float(np.abs(wanted).max())
    )


def _rows_for(name: str, content: bytes, batch: int, time: int) -> NDArray[np.generic]:
    rng = np.random.default_rng(time)
    if name == "tokens":
        rows = rng.integers(1, 20, (batch, time))
        rows[1:, -3:] = 0
        return rows
    _, *axes = read_signature(content, name).inputs[0].axes
    return rng.standard_normal((batch, *map(int, axes))).astype(np.float32)
