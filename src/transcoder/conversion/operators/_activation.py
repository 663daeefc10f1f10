"""Activations.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler, handlers


def leaky_relu(value: Tensor, *, alpha: float = 0.01) -> Tensor:
    """Leak: https://onnx.ai/onnx/operators/onnx__LeakyRelu.html."""
    return functional.leaky_relu(value, alpha)


def prelu(value: Tensor, slope: Tensor) -> Tensor:
    """Leak by a learnt slope: https://onnx.ai/onnx/operators/onnx__PRelu.html."""
    return torch.where(value < 0, value * slope, value)


def channel_prelu(value: Tensor, slope: Tensor) -> Tensor:
    """Leak by a slope per channel: https://onnx.ai/onnx/operators/text_diff_PRelu_6_7.html."""
    if slope.numel() == 1:
        return prelu(value, slope.reshape(()))
    return prelu(value, slope.reshape(-1, *(1,) * (value.dim() - 2)))


def elu(value: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Decay to -alpha: https://onnx.ai/onnx/operators/onnx__Elu.html."""
    return functional.elu(value, alpha)


def selu(
    value: Tensor,
    *,
    alpha: float = 1.67326319217681884765625,
    gamma: float = 1.05070102214813232421875,
) -> Tensor:
    """Scale an elu: https://onnx.ai/onnx/operators/onnx__Selu.html."""
    return gamma * functional.elu(value, alpha)


def celu(value: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Decay smoothly: https://onnx.ai/onnx/operators/onnx__Celu.html."""
    return functional.celu(value, alpha)


def gelu(value: Tensor, *, approximate: str = "none") -> Tensor:
    """Gate by the normal distribution: https://onnx.ai/onnx/operators/onnx__Gelu.html."""
    return functional.gelu(value, approximate=approximate)


def hard_sigmoid(value: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    """Draw a sigmoid in three lines: https://onnx.ai/onnx/operators/onnx__HardSigmoid.html."""
    return torch.clamp(alpha * value + beta, 0, 1)


def hard_swish(value: Tensor) -> Tensor:
    """Gate by three lines: https://onnx.ai/onnx/operators/onnx__HardSwish.html."""
    return value * hard_sigmoid(value, alpha=1 / 6)


def swish(value: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Gate by a sigmoid: https://onnx.ai/onnx/operators/onnx__Swish.html."""
    return functional.silu(value) if alpha == 1 else value * torch.sigmoid(alpha * value)


def softplus(value: Tensor) -> Tensor:
    """Round off a relu, exactly: https://onnx.ai/onnx/operators/onnx__Softplus.html."""
    return torch.logaddexp(value, torch.zeros_like(value))


def thresholded_relu(value: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Drop what is low: https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html."""
    return torch.where(value > alpha, value, torch.zeros_like(value))


def shrink(value: Tensor, *, bias: float = 0.0, lambd: float = 0.5) -> Tensor:
    """Pull toward zero: https://onnx.ai/onnx/operators/onnx__Shrink.html."""
    zero = torch.zeros_like(value)
    low = torch.where(value < -lambd, value + bias, zero)
    return torch.where(value > lambd, value - bias, low).to(value.dtype)


def rounds_each_step(value: Tensor) -> bool:
    """Whether each step is rounded as ONNX writes it; fused half precision is not."""
    return value.dtype is torch.float16 and value.device.type == "cpu"


def softmax(value: Tensor, *, axis: int = -1) -> Tensor:
    """Make shares: https://onnx.ai/onnx/operators/onnx__Softmax.html."""
    if rounds_each_step(value):
        parts = torch.exp(value - value.detach().amax(axis, keepdim=True))
        return parts / parts.sum(axis, keepdim=True)
    return torch.softmax(value, axis)


def guarded_softmax(value: Tensor, *, axis: int = -1) -> Tensor:
    """Make shares; rows that are all hidden give no number, as ever, but no broken gradient."""
    hidden = torch.isneginf(value).all(axis, keepdim=True)
    return softmax(value.masked_fill(hidden, 0.0), axis=axis).masked_fill(hidden, torch.nan)


def log_softmax(value: Tensor, *, axis: int = -1) -> Tensor:
    """Make logarithms of shares: https://onnx.ai/onnx/operators/onnx__LogSoftmax.html."""
    return torch.log_softmax(value, axis)


def hardmax(value: Tensor, *, axis: int = -1) -> Tensor:
    """Mark the first highest: https://onnx.ai/onnx/operators/onnx__Hardmax.html."""
    best = torch.argmax(value, axis, keepdim=True)
    return torch.zeros_like(value).scatter(axis, best, 1)


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "Celu": celu,
        "Elu": elu,
        "Gelu": gelu,
        "HardSigmoid": hard_sigmoid,
        "HardSwish": hard_swish,
        "Hardmax": hardmax,
        "LeakyRelu": leaky_relu,
        "LogSoftmax": log_softmax,
        "Mish": functional.mish,
        "PRelu": prelu,
        "Relu": torch.relu,
        "Selu": selu,
        "Shrink": shrink,
        "Sigmoid": torch.sigmoid,
        "Softmax": softmax,
        "Softplus": softplus,
        "Softsign": functional.softsign,
        "Swish": swish,
        "Tanh": torch.tanh,
        "ThresholdedRelu": thresholded_relu,
    }
) | {
    "ChannelPRelu": Handler(channel_prelu, domain="transcoder"),
    "GuardedSoftmax": Handler(guarded_softmax, domain="transcoder"),
}
