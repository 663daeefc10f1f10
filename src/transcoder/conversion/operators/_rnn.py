"""Recurrent networks on torch's fused kernels where they mean the same, else in a loop.

Legend: time, batch, hidden as usual; directions is 1 or 2; gates is 1 (RNN), 3 (GRU), 4 (LSTM).
"""

# ruff: noqa: PLR0913, PLR0917  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import torch
from torch import _VF, Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from transcoder.conversion.operators._handler import Handler
from transcoder.conversion.operators._rnn_cells import (
    Cell,
    States,
    Weights,
    activations_of,
    gru_cell,
    is_activation,
    lstm_cell,
    rnn_cell,
    scan,
)

Kernel: TypeAlias = Callable[..., tuple[Tensor, ...]]

_GRU_ORDER = (1, 0, 2)
_LSTM_ORDER = (0, 2, 3, 1)
_BOTH = 2


@dataclass(frozen=True, slots=True)
class _Recurrence:
    """How one node runs.

    Attributes:
        order: Where torch's gates stand in ONNX.
        cell: One step.
        fused: Torch's kernel, or None where the cell must do.
        names: Of the activations of all directions.
        numbers: Alphas and betas of the activations.
        reverse: Whether the only direction goes backward.
        by_batch: Whether the batch axis comes first.
        packed: Whether the weights have torch's order of gates already.
    """

    order: tuple[int, ...]
    cell: Cell
    fused: Kernel | None
    names: tuple[str, ...]
    numbers: tuple[tuple[float, ...], tuple[float, ...]]
    reverse: bool
    by_batch: bool
    packed: bool


def _reordered(order: tuple[int, ...], weight: Tensor) -> Tensor:
    """Bring gates from ONNX's order to torch's, (directions, gates * hidden, ...)."""
    halves = 2 if weight.dim() == 2 else 1  # noqa: PLR2004  # a bias holds two vectors
    parts = weight.chunk(len(order) * halves, 1)
    places = [at + len(order) * half for half in range(halves) for at in order]
    return torch.cat([parts[at] for at in places], 1)


def _turned(value: Tensor, lengths: Tensor | None) -> Tensor:
    """Turn time round, (time, batch, ...), each row within its own length."""
    if lengths is None:
        return value.flip(0)
    places = torch.arange(value.shape[0], device=value.device)[:, None]
    back = torch.where(places < lengths, lengths - 1 - places, places)
    return value[back, torch.arange(value.shape[1], device=value.device)]


def _fuse(
    kernel: Kernel, value: Tensor, lengths: Tensor | None, states: States, weights: Weights
) -> tuple[Tensor, States]:
    """Run torch's kernel.

    Args:
        kernel: One of `torch._VF`.
        value: (time, batch, input).
        lengths: (batch,), or None where all rows are whole.
        states: Each (directions, batch, hidden).
        weights: Inner, outer and bias in torch's order of gates.

    Returns:
        (time, batch, directions * hidden) and the last states.
    """
    inner, outer, bias = weights[:3]
    flat: list[Tensor] = []
    for at in range(states[0].shape[0]):
        flat += [inner[at], outer[at]]  # type: ignore[index]  # present, by the schema
        flat += [] if bias is None else bias[at].chunk(2)
    settings = (flat, bias is not None, 1, 0.0, False, states[0].shape[0] == _BOTH)
    if lengths is None:
        result, *last = kernel(value, _bundle(states), *settings, False)  # noqa: FBT003  # torch's own signature
        return result, tuple(last)
    packed = pack_padded_sequence(value, lengths.cpu(), enforce_sorted=False)
    order, back = packed.sorted_indices, packed.unsorted_indices
    ordered = tuple(state[:, order] for state in states)
    data, *last = kernel(packed.data, packed.batch_sizes, _bundle(ordered), *settings)
    result, _ = pad_packed_sequence(packed._replace(data=data), total_length=value.shape[0])
    return result, tuple(each[:, back] for each in last)


def _bundle(states: States) -> Tensor | list[Tensor]:
    return states[0] if len(states) == 1 else list(states)


def _loop(
    kind: _Recurrence, value: Tensor, lengths: Tensor | None, states: States, weights: Weights
) -> tuple[Tensor, States]:
    """Run the cell step by step, as `_fuse`."""
    activations = activations_of(kind.names, *kind.numbers)
    count = len(activations) // states[0].shape[0]
    results, finals = [], []
    for at in range(states[0].shape[0]):
        given = _turned(value, lengths) if at else value
        mine = [None if each is None else each[at] for each in weights]
        step = partial(kind.cell, mine, activations[at * count : (at + 1) * count])
        result, last = scan(step, given, lengths, tuple(state[at] for state in states))
        results.append(_turned(result, lengths) if at else result)
        finals.append(last)
    merged = tuple(torch.stack(each) for each in zip(*finals, strict=True))
    return torch.cat(results, -1), merged


def _lengths(lengths: Tensor | None, time: int) -> Tensor | None:
    if lengths is None or bool((lengths == time).all()):
        return None
    if bool(((lengths < 1) | (lengths > time)).any()):
        message = f"sequence lengths must lie in 1 to {time}, found {lengths.tolist()}"
        raise ValueError(message)
    return lengths.to(torch.int64)


def _run(
    kind: _Recurrence, value: Tensor, weights: Weights, lengths: Tensor | None,
    states: Sequence[Tensor | None],
) -> tuple[Tensor, ...]:  # fmt: skip
    if kind.by_batch:
        value = value.transpose(0, 1)
        states = [None if each is None else each.transpose(0, 1) for each in states]
    ready = list(weights)
    if not kind.packed:
        ready[:3] = [
            None if each is None else _reordered(kind.order, each) for each in ready[:3]
        ]
    real = _lengths(lengths, value.shape[0])
    given = _turned(value, real) if kind.reverse else value
    started = tuple(_start(each, value, ready[1]) for each in states)
    if kind.fused is None:
        result, last = _loop(kind, given, real, started, ready)
    else:
        result, last = _fuse(kind.fused, given, real, started, ready)
    whole = _turned(result, real) if kind.reverse else result
    split = whole.reshape(*whole.shape[:2], started[0].shape[0], -1)
    if kind.by_batch:
        return split.transpose(0, 1), *(each.transpose(0, 1) for each in last)
    return split.transpose(1, 2), *last


def _start(state: Tensor | None, value: Tensor, outer: Tensor | None) -> Tensor:
    if state is not None or outer is None:
        return state  # type: ignore[return-value]  # the outer weight is present, by the schema
    return value.new_zeros(outer.shape[0], value.shape[1], outer.shape[-1])


@dataclass(frozen=True, slots=True)
class _Options:
    """What the attributes that all three operators share say."""

    activation_alpha: tuple[float, ...] = ()
    activation_beta: tuple[float, ...] = ()
    activations: tuple[str, ...] = ()
    clip: float | None = None
    direction: str = "forward"
    layout: int = 0
    packed: int = 0
    fits: bool = field(default=True)

    def recurrence(
        self, order: tuple[int, ...], cell: Cell, defaults: tuple[str, ...],
        fused: Mapping[tuple[str, ...], Kernel],
    ) -> _Recurrence:  # fmt: skip
        """Choose a kernel."""
        directions = _BOTH if self.direction == "bidirectional" else 1
        names = tuple(each.lower() for each in self.activations) or defaults * directions
        single = names[: len(defaults)]
        plain = self.fits and self.clip is None and names == single * directions
        return _Recurrence(
            order, cell, fused.get(single) if plain else None, names,
            (self.activation_alpha, self.activation_beta), self.direction == "reverse",
            bool(self.layout), bool(self.packed),
        )  # fmt: skip


def rnn(
    value: Tensor, inner: Tensor, outer: Tensor, bias: Tensor | None = None,
    lengths: Tensor | None = None, state: Tensor | None = None, *, clip: float | None = None,
    activation_alpha: tuple[float, ...] = (), activation_beta: tuple[float, ...] = (),
    activations: tuple[str, ...] = (), direction: str = "forward",
    hidden_size: int | None = None, layout: int = 0, packed: int = 0,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Run a plain recurrent network: https://onnx.ai/onnx/operators/onnx__RNN.html."""
    del hidden_size
    options = _Options(
        activation_alpha, activation_beta, activations, clip, direction, layout, packed
    )
    kernels: Mapping[tuple[str, ...], Kernel] = {
        ("tanh",): _VF.rnn_tanh,
        ("relu",): _VF.rnn_relu,
    }
    kind = options.recurrence((0,), partial(rnn_cell, clip=clip), ("tanh",), kernels)
    return _run(kind, value, (inner, outer, bias), lengths, (state,))


def gru(
    value: Tensor, inner: Tensor, outer: Tensor, bias: Tensor | None = None,
    lengths: Tensor | None = None, state: Tensor | None = None, *, clip: float | None = None,
    activation_alpha: tuple[float, ...] = (), activation_beta: tuple[float, ...] = (),
    activations: tuple[str, ...] = (), direction: str = "forward",
    hidden_size: int | None = None, layout: int = 0, linear_before_reset: int = 0,
    packed: int = 0,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Run a gated recurrent network: https://onnx.ai/onnx/operators/onnx__GRU.html."""
    del hidden_size
    options = _Options(
        activation_alpha, activation_beta, activations, clip, direction, layout, packed,
        fits=bool(linear_before_reset),
    )  # fmt: skip
    cell = partial(gru_cell, clip=clip, linear_before_reset=linear_before_reset)
    names = ("sigmoid", "tanh")
    kind = options.recurrence(_GRU_ORDER, cell, names, {names: _VF.gru})
    return _run(kind, value, (inner, outer, bias), lengths, (state,))


def lstm(
    value: Tensor, inner: Tensor, outer: Tensor, bias: Tensor | None = None,
    lengths: Tensor | None = None, state: Tensor | None = None, memory: Tensor | None = None,
    peephole: Tensor | None = None, *, clip: float | None = None,
    activation_alpha: tuple[float, ...] = (), activation_beta: tuple[float, ...] = (),
    activations: tuple[str, ...] = (), direction: str = "forward",
    hidden_size: int | None = None, input_forget: int = 0, layout: int = 0, packed: int = 0,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Run a long short-term memory: https://onnx.ai/onnx/operators/onnx__LSTM.html."""
    del hidden_size
    options = _Options(
        activation_alpha, activation_beta, activations, clip, direction, layout, packed,
        fits=peephole is None and not input_forget,
    )  # fmt: skip
    cell = partial(lstm_cell, clip=clip, input_forget=input_forget)
    names = ("sigmoid", "tanh", "tanh")
    kind = options.recurrence(_LSTM_ORDER, cell, names, {names: _VF.lstm})
    return _run(kind, value, (inner, outer, bias, peephole), lengths, (state, memory))


def _say_activation(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    del numbers
    names = keywords.get("activations", ())
    unknown = [each for each in names if not is_activation(str(each))]  # type: ignore[attr-defined]  # strings
    return f"its activations {unknown} are unknown" if unknown else None


def _handler(run: Callable[..., tuple[Tensor, ...]], order: tuple[int, ...]) -> Handler:
    pack = dict.fromkeys((1, 2, 3), partial(_reordered, order))
    return Handler(run, many=True, pack=pack, check=_say_activation)


HANDLERS: Mapping[str, Handler] = {
    "GRU": _handler(gru, _GRU_ORDER),
    "LSTM": _handler(lstm, _LSTM_ORDER),
    "RNN": _handler(rnn, (0,)),
}
