"""Steps of optimizers, and gradients within a graph.

Each operator's page is
https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Block, Handler

_DOMAIN = "ai.onnx.preview.training"


def _each(
    update: Callable[..., tuple[Tensor, ...]], parts: int, rate: Tensor, turn: Tensor,
    *values: Tensor, **numbers: float,
) -> list[Tensor]:  # fmt: skip
    """Update several tensors; inputs and outputs come part by part."""
    count = len(values) // parts
    done = [update(rate, turn, *values[at::count], **numbers) for at in range(count)]
    return [tensor for column in zip(*done, strict=True) for tensor in column]


def _adagrad(
    rate: Tensor, turn: Tensor, value: Tensor, gradient: Tensor, squares: Tensor,
    *, decay_factor: float = 0.0, epsilon: float = 0.0, norm_coefficient: float = 0.0,
) -> tuple[Tensor, ...]:  # fmt: skip
    slope = norm_coefficient * value + gradient
    total = squares + slope * slope
    step = rate / (1 + turn * decay_factor)
    return value - step * slope / (total.sqrt() + epsilon), total


def _adam(
    rate: Tensor, turn: Tensor, value: Tensor, gradient: Tensor, means: Tensor,
    squares: Tensor, *, alpha: float = 0.9, beta: float = 0.999, epsilon: float = 0.0,
    norm_coefficient: float = 0.0, norm_coefficient_post: float = 0.0,
) -> tuple[Tensor, ...]:  # fmt: skip
    slope = norm_coefficient * value + gradient
    mean = alpha * means + (1 - alpha) * slope
    square = beta * squares + (1 - beta) * slope * slope
    turns = int(turn)
    corrected = rate * (1 - beta**turns) ** 0.5 / (1 - alpha**turns) if turns > 0 else rate
    moved = value - corrected * mean / (square.sqrt() + epsilon)
    return (1 - norm_coefficient_post) * moved, mean, square


def _momentum(
    rate: Tensor, turn: Tensor, value: Tensor, gradient: Tensor, past: Tensor,
    *, alpha: float, beta: float, mode: str, norm_coefficient: float,
) -> tuple[Tensor, ...]:  # fmt: skip
    slope = norm_coefficient * value + gradient
    velocity = alpha * past + (beta if int(turn) > 0 else 1) * slope
    step = slope + alpha * velocity if mode == "nesterov" else velocity
    return value - rate * step, velocity


def adagrad(
    rate: Tensor, turn: Tensor, *values: Tensor, decay_factor: float = 0.0,
    epsilon: float = 0.0, norm_coefficient: float = 0.0,
) -> list[Tensor]:  # fmt: skip
    """Step by Adagrad: https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html."""
    return _each(
        partial(
            _adagrad, decay_factor=decay_factor, epsilon=epsilon,
            norm_coefficient=norm_coefficient,
        ), 3, rate, turn, *values,
    )  # fmt: skip


def adam(
    rate: Tensor, turn: Tensor, *values: Tensor, alpha: float = 0.9, beta: float = 0.999,
    epsilon: float = 0.0, norm_coefficient: float = 0.0, norm_coefficient_post: float = 0.0,
) -> list[Tensor]:  # fmt: skip
    """Step by Adam: https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html."""
    return _each(
        partial(
            _adam, alpha=alpha, beta=beta, epsilon=epsilon, norm_coefficient=norm_coefficient,
            norm_coefficient_post=norm_coefficient_post,
        ), 4, rate, turn, *values,
    )  # fmt: skip


def momentum(
    rate: Tensor, turn: Tensor, *values: Tensor, alpha: float, beta: float, mode: str,
    norm_coefficient: float,
) -> list[Tensor]:  # fmt: skip
    """Step by inertia: https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html."""
    return _each(
        partial(
            _momentum, alpha=alpha, beta=beta, mode=mode, norm_coefficient=norm_coefficient,
        ),
        3, rate, turn, *values,
    )  # fmt: skip


def gradient(
    device: torch.device, *given: Tensor, body: Block, xs: tuple[str, ...]
) -> Sequence[Tensor]:
    """Differentiate a part of the graph: https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Gradient.html."""
    outer = torch.is_grad_enabled()
    with torch.enable_grad():
        starts = [
            each if each.requires_grad else each.detach().requires_grad_()
            for each in given[: len(xs)]
        ]
        result = body.run(device, given, (*starts, *given[len(xs) : body.takes]))[0]
        if not isinstance(result, Tensor) or not result.requires_grad:
            return [torch.zeros_like(each) for each in starts]
        return torch.autograd.grad(
            result.sum(), starts, create_graph=outer, materialize_grads=True
        )


HANDLERS: Mapping[str, Handler] = {
    "Adagrad": Handler(adagrad, many=True, domain=_DOMAIN),
    "Adam": Handler(adam, many=True, domain=_DOMAIN),
    "Gradient": Handler(gradient, many=True, domain=_DOMAIN),
    "Momentum": Handler(momentum, many=True, domain=_DOMAIN),
}
