"""Normalizations.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler, handlers


def batch_norm(
    value: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, var: Tensor,
    *, epsilon: float = 1e-5, momentum: float = 0.9, training_mode: int = 0,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Normalize by stored moments: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html."""
    if not training_mode:
        return (functional.batch_norm(value, mean, var, scale, bias, False, 0.0, epsilon),)  # noqa: FBT003
    axes = (0, *range(2, value.dim()))
    now_mean, now_var = value.mean(axes), value.var(axes, correction=0)
    result = functional.batch_norm(value, now_mean, now_var, scale, bias, False, 0.0, epsilon)  # noqa: FBT003
    rest = 1 - momentum
    return result, mean * momentum + now_mean * rest, var * momentum + now_var * rest


def layer_norm(
    value: Tensor, scale: Tensor, bias: Tensor | None = None,
    *, axis: int = -1, epsilon: float = 1e-5, stash_type: torch.dtype | None = torch.float32,
    outputs: int = 1,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Normalize each row: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html."""
    first = axis % value.dim()
    shape = value.shape[first:]
    same = scale.shape == shape and (bias is None or bias.shape == shape)
    if (
        same
        and outputs == 1
        and stash_type is not None
        and stash_type.itemsize >= value.dtype.itemsize
    ):
        return (functional.layer_norm(value, shape, scale, bias, epsilon),)
    axes = tuple(range(first, value.dim()))
    wide = value.to(stash_type or value.dtype)
    mean = wide.mean(axes, keepdim=True)
    inverse = torch.rsqrt((wide - mean).square().mean(axes, keepdim=True) + epsilon)
    normal = ((wide - mean) * inverse).to(value.dtype) * scale
    return (normal if bias is None else normal + bias), mean, inverse


def rms_norm(
    value: Tensor, scale: Tensor,
    *, axis: int = -1, epsilon: float = 1e-5, stash_type: torch.dtype | None = torch.float32,
) -> Tensor:  # fmt: skip
    """Scale each row: https://onnx.ai/onnx/operators/onnx__RMSNormalization.html."""
    axes = tuple(range(axis % value.dim(), value.dim()))
    wide = value.to(stash_type or value.dtype)
    inverse = torch.rsqrt(wide.square().mean(axes, keepdim=True) + epsilon)
    return (wide * inverse).to(value.dtype) * scale


def instance_norm(
    value: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5
) -> Tensor:
    """Normalize each plane: https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html."""
    return torch.group_norm(value, value.shape[1], scale, bias, epsilon)


def group_norm(
    value: Tensor, scale: Tensor, bias: Tensor,
    *, num_groups: int, epsilon: float = 1e-5, stash_type: torch.dtype | None = torch.float32,
) -> Tensor:  # fmt: skip
    """Normalize groups of planes: https://onnx.ai/onnx/operators/onnx__GroupNormalization.html."""
    del stash_type
    return torch.group_norm(value, num_groups, scale, bias, epsilon)


def local_response_norm(
    value: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0
) -> Tensor:
    """Damp by neighbours: https://onnx.ai/onnx/operators/onnx__LRN.html."""
    batch, channels = value.shape[:2]
    squares = value.square().reshape(batch, 1, channels, -1)
    around = functional.pad(squares, (0, 0, (size - 1) // 2, size // 2))
    sums = functional.avg_pool2d(around, (size, 1), stride=1) * size
    return value / (bias + alpha / size * sums.reshape(value.shape)).pow(beta)


def lp_norm(value: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    """Scale to norm one: https://onnx.ai/onnx/operators/onnx__LpNormalization.html."""
    norm = torch.linalg.vector_norm(value, p, axis, keepdim=True)
    return value / torch.where(norm == 0, torch.ones_like(norm), norm)


def mean_variance_norm(value: Tensor, *, axes: tuple[int, ...] = (0, 2, 3)) -> Tensor:
    """Normalize by own moments: https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html."""
    centred = value - value.mean(axes, keepdim=True)
    return centred / (centred.square().mean(axes, keepdim=True).sqrt() + 1e-9)


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "GroupNormalization": group_norm,
        "InstanceNormalization": instance_norm,
        "LRN": local_response_norm,
        "LpNormalization": lp_norm,
        "MeanVarianceNormalization": mean_variance_norm,
        "RMSNormalization": rms_norm,
    }
) | {
    "BatchNormalization": Handler(batch_norm, many=True),
    "LayerNormalization": Handler(layer_norm, many=True),
}
