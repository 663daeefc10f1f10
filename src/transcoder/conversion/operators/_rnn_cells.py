"""Single steps of recurrent networks, for what torch's fused kernels cannot do.

Gates stand as in torch: reset, update, new (GRU); input, forget, cell, output (LSTM).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Activation: TypeAlias = Callable[[Tensor], Tensor]
States: TypeAlias = tuple[Tensor, ...]
Weights: TypeAlias = Sequence[Tensor | None]
Cell: TypeAlias = Callable[[Weights, Sequence[Activation], Tensor, States], States]
"""From weights of one direction, activations, one time's input and states to states."""


def _affine(value: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * value + beta


def _scaled_tanh(value: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * torch.tanh(beta * value)


def _hard_sigmoid(value: Tensor, alpha: float, beta: float) -> Tensor:
    return torch.clamp(alpha * value + beta, 0, 1)


def _thresholded_relu(value: Tensor, alpha: float) -> Tensor:
    return torch.where(value > alpha, value, torch.zeros_like(value))


_ACTIVATIONS: Mapping[str, tuple[Callable[..., Tensor], tuple[float, ...]]] = {
    "affine": (_affine, (1.0, 0.0)),
    "elu": (functional.elu, (1.0,)),
    "hardsigmoid": (_hard_sigmoid, (0.2, 0.5)),
    "leakyrelu": (functional.leaky_relu, (0.01,)),
    "relu": (torch.relu, ()),
    "scaledtanh": (_scaled_tanh, (1.0, 1.0)),
    "sigmoid": (torch.sigmoid, ()),
    "softplus": (functional.softplus, ()),
    "softsign": (functional.softsign, ()),
    "tanh": (torch.tanh, ()),
    "thresholdedrelu": (_thresholded_relu, (1.0,)),
}


def is_activation(name: str) -> bool:
    """Whether a recurrent operator may name this activation."""
    return name.lower() in _ACTIVATIONS


def activations_of(
    names: Sequence[str], alphas: Sequence[float], betas: Sequence[float]
) -> list[Activation]:
    """Bind activations to their numbers, which are handed out in order."""
    waiting: tuple[Iterator[float], ...] = (iter(alphas), iter(betas))
    chosen = []
    for name in names:
        function, defaults = _ACTIVATIONS[name.lower()]
        numbers = [next(queue, each) for queue, each in zip(waiting, defaults, strict=False)]
        chosen.append(_bound(function, numbers))
    return chosen


def _bound(function: Callable[..., Tensor], numbers: Sequence[float]) -> Activation:
    if not numbers:
        return function
    return partial(_call, function, tuple(numbers))


def _call(function: Callable[..., Tensor], numbers: tuple[float, ...], value: Tensor) -> Tensor:
    return function(value, *numbers)


def _clipped(value: Tensor, clip: float | None) -> Tensor:
    return value if clip is None else value.clamp(-clip, clip)


def _present(weights: Weights) -> tuple[Tensor, Tensor, Tensor | None]:
    inner, outer, bias = weights[:3]
    if inner is None or outer is None:
        message = "the weights are missing"
        raise ValueError(message)
    return inner, outer, bias


def _halves(bias: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    if bias is None:
        return None, None
    first, second = bias.chunk(2)
    return first, second


def rnn_cell(
    weights: Weights, activations: Sequence[Activation], value: Tensor, states: States,
    *, clip: float | None = None,
) -> States:  # fmt: skip
    """One step of https://onnx.ai/onnx/operators/onnx__RNN.html."""
    inner, outer, bias = _present(weights)
    first, second = _halves(bias)
    total = functional.linear(value, inner, first) + functional.linear(states[0], outer, second)
    return (activations[0](_clipped(total, clip)),)


def gru_cell(
    weights: Weights, activations: Sequence[Activation], value: Tensor, states: States,
    *, clip: float | None = None, linear_before_reset: int = 0,
) -> States:  # fmt: skip
    """One step of https://onnx.ai/onnx/operators/onnx__GRU.html."""
    inner, outer, bias = _present(weights)
    (state,) = states
    gate, shape = activations
    first, second = _halves(bias)
    came = functional.linear(value, inner, first).chunk(3, -1)
    rows = outer.chunk(3)
    biases = (None, None, None) if second is None else second.chunk(3)
    reset = gate(_clipped(came[0] + functional.linear(state, rows[0], biases[0]), clip))
    update = gate(_clipped(came[1] + functional.linear(state, rows[1], biases[1]), clip))
    if linear_before_reset:
        kept = reset * functional.linear(state, rows[2], biases[2])
    else:
        kept = functional.linear(reset * state, rows[2], biases[2])
    new = shape(_clipped(came[2] + kept, clip))
    return ((1 - update) * new + update * state,)


def lstm_cell(
    weights: Weights, activations: Sequence[Activation], value: Tensor, states: States,
    *, clip: float | None = None, input_forget: int = 0,
) -> States:  # fmt: skip
    """One step of https://onnx.ai/onnx/operators/onnx__LSTM.html."""
    inner, outer, bias = _present(weights)
    peephole = weights[3]
    state, memory = states
    gate, shape, last = activations
    first, second = _halves(bias)
    total = functional.linear(value, inner, first) + functional.linear(state, outer, second)
    enter, forget, new, leave = total.chunk(4, -1)
    looks = (0.0, 0.0, 0.0) if peephole is None else peephole.chunk(3)
    opened = gate(_clipped(enter + looks[0] * memory, clip))
    kept = 1 - opened if input_forget else gate(_clipped(forget + looks[2] * memory, clip))
    memory = kept * memory + opened * shape(_clipped(new, clip))
    given = gate(_clipped(leave + looks[1] * memory, clip))
    return given * last(memory), memory


def scan(
    step: Callable[[Tensor, States], States],
    value: Tensor,
    lengths: Tensor | None,
    states: States,
) -> tuple[Tensor, States]:
    """Run a step over time; a row that has ended keeps its states and gives zeros.

    Args:
        step: From one time's input and states to states.
        value: (time, batch, input).
        lengths: (batch,), or None where all rows are whole.
        states: Each (batch, hidden).

    Returns:
        All first states, (time, batch, hidden), and the last states.
    """
    results = []
    for time, now in enumerate(value):
        after = step(now, states)
        if lengths is None:
            states, given = after, after[0]
        else:
            runs = (lengths > time)[:, None]
            pairs = zip(after, states, strict=True)
            states = tuple(torch.where(runs, new, old) for new, old in pairs)
            given = torch.where(runs, after[0], torch.zeros_like(after[0]))
        results.append(given)
    return torch.stack(results), states
