"""Several operators that one kernel of torch computes at once.

A pattern looks at the last step of what it knows, and back from there. What lies between must
be read by nothing else.
"""

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from transcoder.conversion import _fused
from transcoder.conversion._action import Step
from transcoder.conversion._steps import Steps, others
from transcoder.conversion.operators import Kernel

Pattern: TypeAlias = Callable[[Steps, Step], Step | None]
"""From the last step of what is looked for to what runs instead, None if it is not there."""

_NEAR = 1e-6
_MATRIX = 2


def _near(number: float | None, wanted: float) -> bool:
    return number is not None and math.isclose(number, wanted, rel_tol=_NEAR)


def _instead(step: Step, run: Kernel, *takes: int, **keywords: object) -> Step:
    return step._replace(run=run, takes=takes, keywords=keywords)


def _linear(steps: Steps, step: Step) -> Step | None:
    """Find a product with a matrix, plus a row."""
    for at, slot in enumerate(step.takes):
        product = steps.maker(slot, "MatMul")
        row = step.takes[1 - at]
        if product is not None:
            value, matrix = product.takes
            shape = steps.weights.get(matrix, ())
            if len(shape) == _MATRIX and steps.weights.get(row) == shape[1:]:
                return _instead(step, _fused.linear, value, matrix, row)
    return None


def _swish(steps: Steps, step: Step) -> Step | None:
    """Find a value times its sigmoid."""
    for at, slot in enumerate(step.takes):
        gate = steps.maker(slot, "Sigmoid")
        if gate is not None and gate.takes[0] == step.takes[1 - at]:
            return _instead(step, _fused.swish, step.takes[1 - at])
    return None


def _factors(steps: Steps, step: Step) -> list[int]:
    """Take a product apart: the slots of all factors that are no products themselves."""
    found: list[int] = []
    for slot in step.takes:
        inner = steps.maker(slot, "Mul")
        found += [slot] if inner is None else _factors(steps, inner)
    return found


def _gelu(steps: Steps, step: Step) -> Step | None:
    """Find a half times a value times (1 + erf or tanh of it)."""
    factors = _factors(steps, step)
    if len(factors) != 3:  # noqa: PLR2004  # the three above
        return None
    halves = [slot for slot in factors if _near(steps.scalar(slot), 0.5)]
    rest = [slot for slot in factors if slot not in halves]
    if len(halves) != 1 or len(rest) != _MATRIX:
        return None
    for value, raised in (rest, rest[::-1]):
        bent = _plus(steps, raised, 1.0)
        if bent is None:
            continue
        if _is_erf(steps, bent, value):
            return _instead(step, _fused.gelu, value)
        if _is_tanh(steps, bent, value):
            return _instead(step, _fused.gelu_tanh, value)
    return None


def _plus(steps: Steps, slot: int, number: float) -> int | None:
    step = steps.maker(slot, "Add")
    if step is not None:
        for each in step.takes:
            if _near(steps.scalar(each), number):
                return others(step.takes, each)
    return None


def _times(steps: Steps, slot: int, number: float) -> int | None:
    """Find what is multiplied by a number, or divided by its inverse."""
    step = steps.maker(slot, "Mul", "Div")
    if step is None:
        return None
    if _near(steps.scalar(step.takes[1]), 1 / number) and steps.maker(slot, "Div"):
        return step.takes[0]
    if steps.maker(slot, "Mul"):
        for each in step.takes:
            if _near(steps.scalar(each), number):
                return others(step.takes, each)
    return None


def _is_erf(steps: Steps, slot: int, value: int) -> bool:
    step = steps.maker(slot, "Erf")
    return step is not None and _times(steps, step.takes[0], math.sqrt(0.5)) == value


def _is_tanh(steps: Steps, slot: int, value: int) -> bool:
    step = steps.maker(slot, "Tanh")
    inner = None if step is None else _times(steps, step.takes[0], math.sqrt(2 / math.pi))
    add = None if inner is None else steps.maker(inner, "Add")
    cubed = None if add is None else others(add.takes, value)
    cube = None if cubed is None else _times(steps, cubed, 0.044715)
    power = None if cube is None else steps.maker(cube, "Pow")
    return (
        power is not None
        and power.takes[0] == value
        and _near(steps.scalar(power.takes[1]), 3.0)
    )


def _product(steps: Steps, step: Step) -> Step | None:
    return _swish(steps, step) or _gelu(steps, step)


def _power(steps: Steps, step: Step) -> Step | None:
    exponent = steps.scalar(step.takes[1])
    if exponent is None:
        return None
    return _instead(step, _fused.power, step.takes[0], exponent=exponent)


def _inverse_root(steps: Steps, step: Step) -> Step | None:
    root = steps.maker(step.takes[0], "Sqrt")
    return None if root is None else _instead(step, _fused.inverse_root, root.takes[0])


def _hard_swish(_: Steps, step: Step) -> Step | None:
    return _instead(step, _fused.hard_swish, step.takes[0])


def _hard_sigmoid(_: Steps, step: Step) -> Step | None:
    alpha, beta = (step.keywords.get(name) for name in ("alpha", "beta"))
    if (
        not isinstance(alpha, float)
        or not math.isclose(alpha, 1 / 6, rel_tol=1e-7)
        or beta not in {None, 0.5}
    ):
        return None
    return _instead(step, _fused.hard_sigmoid, step.takes[0], alpha=alpha)


def _turned(steps: Steps, step: Step) -> Step | None:
    """Find the last two axes swapped by way of three."""
    swap = steps.maker(step.takes[0], "Transpose")
    flat = None if swap is None else steps.maker(swap.takes[0], "Reshape")
    if swap is None or flat is None or swap.keywords.get("perm") != (0, 2, 1):
        return None
    value, shape = flat.takes
    allows = tuple(each.keywords.get("allowzero", 0) for each in (flat, step))
    return _instead(step, _fused.turned, value, shape, step.takes[1], allows=allows)


def _sum(steps: Steps, step: Step) -> Step | None:
    return _linear(steps, step) or _layer_norm(steps, step)


def _layer_norm(steps: Steps, step: Step) -> Step | None:
    """Find a value less its mean, over its deviation, times a row, plus a row."""
    for at, slot in enumerate(step.takes):
        scaled, bias = steps.maker(slot, "Mul"), step.takes[1 - at]
        if scaled is None:
            continue
        for place, inner in enumerate(scaled.takes):
            normal, scale = steps.maker(inner, "Div"), scaled.takes[1 - place]
            shape = steps.weights.get(scale, ())
            if normal is None or len(shape) != 1 or steps.weights.get(bias) != shape:
                continue
            found = _normalized(steps, normal)
            if found is not None:
                value, epsilon = found
                return _instead(
                    step, _fused.layer_norm, value, scale, bias, epsilon=epsilon
                )  # fmt: skip
    return None


def _normalized(steps: Steps, step: Step) -> tuple[int, float] | None:
    """Find what is normalized over its last axis, and what is added to its variance."""
    centred, root = step.takes[0], steps.maker(step.takes[1], "Sqrt")
    variance = None if root is None else steps.maker(root.takes[0], "Add")
    if variance is None:
        return None
    epsilons = [each for each in variance.takes if steps.scalar(each) is not None]
    mean = others(variance.takes, epsilons[0]) if len(epsilons) == 1 else None
    square = None if mean is None else _mean_of(steps, mean)
    if square is None or _squared(steps, square) != centred:
        return None
    less = steps.maker_of_all(centred, "Sub", reads=2)
    if less is None or _mean_of(steps, less.takes[1]) != less.takes[0]:
        return None
    return less.takes[0], steps.scalar(epsilons[0]) or 0.0


def _mean_of(steps: Steps, slot: int) -> int | None:
    """Find what the mean over the last axis is taken of."""
    step = steps.maker(slot, "ReduceMean")
    if step is None or len(step.takes) != _MATRIX or not step.keywords.get("keepdims", 1):
        return None
    return step.takes[0] if steps.numbers.get(step.takes[1]) == (-1,) else None


def _squared(steps: Steps, slot: int) -> int | None:
    step = steps.maker(slot, "Pow", "Mul")
    if step is None:
        return None
    if steps.maker(slot, "Pow"):
        return step.takes[0] if _near(steps.scalar(step.takes[1]), 2.0) else None
    return step.takes[0] if step.takes[0] == step.takes[1] else None


PATTERNS: Mapping[str, Pattern] = {
    "Add": _sum,
    "Mul": _product,
    "Reciprocal": _inverse_root,
    "Reshape": _turned,
}
"""What is made of several operators, by the last of them."""

SINGLES: Mapping[str, Pattern] = {
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Pow": _power,
}
"""Single operators for whose numbers torch has a faster kernel."""
