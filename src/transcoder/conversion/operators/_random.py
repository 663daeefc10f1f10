"""Random numbers, drawn anew at each call.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Mapping

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler


def _generator(device: torch.device, seed: float | None) -> torch.Generator | None:
    if seed is None:
        return None
    return torch.Generator(device).manual_seed(hash(seed) & ((1 << 63) - 1))


def normal(
    device: torch.device, *, shape: tuple[int, ...], dtype: torch.dtype | None = torch.float32,
    mean: float = 0.0, scale: float = 1.0, seed: float | None = None,
) -> Tensor:  # fmt: skip
    """Draw from a bell: https://onnx.ai/onnx/operators/onnx__RandomNormal.html."""
    drawn = torch.randn(shape, generator=_generator(device, seed), device=device)
    return (drawn * scale + mean).to(dtype or torch.float32)


def uniform(
    device: torch.device, *, shape: tuple[int, ...], dtype: torch.dtype | None = torch.float32,
    low: float = 0.0, high: float = 1.0, seed: float | None = None,
) -> Tensor:  # fmt: skip
    """Draw evenly: https://onnx.ai/onnx/operators/onnx__RandomUniform.html."""
    kind = torch.float64 if dtype is torch.float64 else torch.float32
    drawn = torch.rand(shape, generator=_generator(device, seed), device=device, dtype=kind)
    return (drawn * (high - low) + low).to(dtype or torch.float32)


def normal_like(
    value: Tensor, *, dtype: torch.dtype | None = None, mean: float = 0.0, scale: float = 1.0,
    seed: float | None = None,
) -> Tensor:  # fmt: skip
    """Draw from a bell: https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html."""
    kind, shape = dtype or value.dtype, tuple(value.shape)
    return normal(value.device, shape=shape, dtype=kind, mean=mean, scale=scale, seed=seed)


def uniform_like(
    value: Tensor, *, dtype: torch.dtype | None = None, low: float = 0.0, high: float = 1.0,
    seed: float | None = None,
) -> Tensor:  # fmt: skip
    """Draw evenly: https://onnx.ai/onnx/operators/onnx__RandomUniformLike.html."""
    kind, shape = dtype or value.dtype, tuple(value.shape)
    return uniform(value.device, shape=shape, dtype=kind, low=low, high=high, seed=seed)


def bernoulli(
    value: Tensor, *, dtype: torch.dtype | None = None, seed: float | None = None
) -> Tensor:
    """Throw coins: https://onnx.ai/onnx/operators/onnx__Bernoulli.html."""
    thrown = torch.bernoulli(value.detach(), generator=_generator(value.device, seed))
    return thrown.to(dtype or value.dtype)


def multinomial(
    value: Tensor, *, dtype: torch.dtype | None = torch.int32, sample_size: int = 1,
    seed: float | None = None,
) -> Tensor:  # fmt: skip
    """Draw classes by their logits: https://onnx.ai/onnx/operators/onnx__Multinomial.html."""
    shares = torch.softmax(value.detach(), -1)
    drawn = torch.multinomial(
        shares, sample_size, replacement=True, generator=_generator(value.device, seed)
    )
    return drawn.to(dtype or torch.int32)


HANDLERS: Mapping[str, Handler] = {
    "Bernoulli": Handler(bernoulli, is_random=True),
    "Multinomial": Handler(multinomial, is_random=True),
    "RandomNormal": Handler(normal, is_random=True),
    "RandomNormalLike": Handler(normal_like, is_random=True),
    "RandomUniform": Handler(uniform, is_random=True),
    "RandomUniformLike": Handler(uniform_like, is_random=True),
}
