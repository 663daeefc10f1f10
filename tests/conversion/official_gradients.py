"""Gradients of the official cases: autograd against central differences, both in float64."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tests.conversion.official_cases import OfficialCase, tensor_of
from transcoder.conversion import OnnxModule, to_torch
from transcoder.errors import TranscoderError

_STEP = 1e-5
_RELATIVE = 1e-4
_ABSOLUTE = 1e-7
_BEND = 1e-3
_FLOATS = frozenset({torch.bfloat16, torch.float16, torch.float32, torch.float64})
_JITTERS = (0.0, 1e-3, 1e-2, 1e-1)
"""How far the inputs are moved, one after the other, while all directions end at a kink."""

_EVERY_ELEMENT = 8
"""Smaller inputs are moved along each element, larger ones along some and some at random."""


@dataclass(frozen=True)
class GradientVerdict:
    """What was found of one case.

    Attributes:
        differentiable: Whether a float input has a derivative that is not zero.
        faults: Where autograd says another thing than central differences.
    """

    differentiable: bool
    faults: tuple[str, ...] = field(default=())

    @property
    def is_right(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def check_gradients(case: OfficialCase) -> GradientVerdict:
    """Compare the gradients of a case with respect to all of its float inputs."""
    module = to_torch(case.model).double()
    differentiable, faults = False, []
    for inputs, _ in case.data_sets[:1]:
        values = [_double(tensor_of(each)) for each in inputs]
        for place, leaf in enumerate(_leaves(values)):
            for jitter in _JITTERS:
                found = _check_leaf(module, values, place, leaf, jitter)
                if found is not None:
                    differentiable |= found[0]
                    faults += [f"input {place}: {each}" for each in found[1]]
                    break
    return GradientVerdict(differentiable, tuple(faults))


def _double(value: object) -> object:
    if isinstance(value, list):
        return [_double(each) for each in value]
    if isinstance(value, Tensor) and value.dtype in _FLOATS:
        return value.double()
    return value


def _leaves(value: object) -> list[Tensor]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [leaf for each in value for leaf in _leaves(each)]
    if isinstance(value, Tensor) and value.dtype is torch.float64 and value.numel():
        return [value]
    return []


def _replaced(value: object, old: Tensor, new: Tensor) -> object:
    if value is old:
        return new
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    return value


def _directions(leaf: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    count = leaf.numel()
    if count <= _EVERY_ELEMENT:
        chosen = torch.arange(count)
    else:
        chosen = torch.randint(count, (4,), generator=generator)
        for _ in range(3):
            yield torch.randn(leaf.shape, generator=generator, dtype=torch.float64)
    for at in chosen.tolist():
        single = torch.zeros(count, dtype=torch.float64)
        single[at] = 1.0
        yield single.reshape(leaf.shape)


class _Loss:
    """One number from all float outputs, weighed at random but always the same."""

    def __init__(self, module: OnnxModule, values: Sequence[object], leaf: Tensor) -> None:
        self._module, self._values, self._leaf = module, values, leaf
        self._weights: list[Tensor] | None = None
        self.is_finite = True

    def __call__(self, moved: Tensor) -> Tensor | None:
        """Run the network with the leaf moved; None where an output changes its shape."""
        given = self._module(*(_replaced(each, self._leaf, moved) for each in self._values))
        outputs = _leaves(list(given) if isinstance(given, tuple) else [given])
        if self._weights is None:
            generator = torch.Generator().manual_seed(1)
            self._weights = [
                torch.randn(each.shape, generator=generator, dtype=torch.float64)
                * torch.isfinite(each.detach())
                for each in outputs
            ]
            self.is_finite = all(bool(torch.isfinite(each).all()) for each in outputs)
        if [each.shape for each in outputs] != [each.shape for each in self._weights]:
            return None
        parts = [
            (torch.where(weight == 0, torch.zeros_like(each), each) * weight).sum()
            for each, weight in zip(outputs, self._weights, strict=True)
        ]
        return torch.stack(parts).sum() if parts else moved.detach().sum() * 0


def _check_leaf(
    module: OnnxModule, values: Sequence[object], place: int, leaf: Tensor, jitter: float
) -> tuple[bool, list[str]] | None:
    """Compare along some directions; None where the function bends or breaks along all."""
    generator = torch.Generator().manual_seed(place)
    noise = torch.randn(leaf.shape, generator=generator, dtype=torch.float64)
    base = leaf + jitter * noise
    loss = _Loss(module, values, leaf)
    start = base.clone().requires_grad_()
    middle = _run(loss, start)
    last = jitter == _JITTERS[-1]
    if middle is None or not torch.isfinite(middle):
        return (False, []) if last else None
    slope = torch.zeros_like(base)
    if middle.requires_grad:
        (slope,) = torch.autograd.grad(middle, start, materialize_grads=True)
    known = torch.isfinite(slope)
    if not known.all() and not last:
        return None
    if loss.is_finite:
        known = torch.ones_like(known)
    found = [
        _compared(loss, base, slope, direction * known, middle.item())
        for direction in _directions(base, generator)
    ]
    smooth = [each for each in found if each is not None]
    faults = [each[1] for each in smooth if each[1]]
    return (any(each[0] for each in smooth), faults) if smooth else None


def _compared(
    loss: _Loss, base: Tensor, slope: Tensor, along: Tensor, middle: float
) -> tuple[bool, str] | None:
    """Say whether the loss changes in a direction, and what is wrong; None at a kink."""
    numeric = _numeric(loss, base, along, middle)
    if numeric is None:
        return None
    mine = float((slope[along != 0] * along[along != 0]).sum())
    size = max(abs(numeric), abs(mine), _ABSOLUTE)
    fault = ""
    if not abs(mine - numeric) <= _RELATIVE * size + _noise(middle):
        closer = _numeric(loss, base, along, middle, share=0.125)
        if closer is None or abs(closer - numeric) > _BEND * abs(numeric):
            return None
        fault = f"autograd {mine:.6g}, differences {numeric:.6g}"
    return abs(numeric) > _noise(middle), fault


def _noise(level: float) -> float:
    return _ABSOLUTE + 1e-10 * abs(level) / _STEP * 1e-3


def _run(loss: _Loss, moved: Tensor) -> Tensor | None:
    try:
        return loss(moved)
    except TranscoderError:
        return None


def _numeric(
    loss: _Loss, base: Tensor, direction: Tensor, middle: float, share: float = 1.0
) -> float | None:
    """Take central differences; None where both sides do not agree or one is no number."""
    step = (
        share
        * _STEP
        * max(1.0, float(base.abs().max()))
        / max(1.0, float(direction.abs().max()))
    )
    with torch.no_grad():
        ends = [_run(loss, base + side * step * direction) for side in (1, -1)]
    if any(each is None or not torch.isfinite(each) for each in ends):
        return None
    up, down = (0.0 if each is None else each.item() for each in ends)
    ahead, behind = (up - middle) / step, (middle - down) / step
    if abs(ahead - behind) > _BEND * max(abs(ahead), abs(behind)) + 10 * _noise(middle):
        return None
    return (up - down) / (2 * step)
