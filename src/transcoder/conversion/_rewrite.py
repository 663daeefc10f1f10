"""Passes that make a plan do the same in fewer steps."""

from collections.abc import Hashable, Mapping
from functools import partial

from torch import Tensor

from transcoder.conversion import _fused
from transcoder.conversion._action import ABSENT, Step
from transcoder.conversion._attention_pattern import find_attention
from transcoder.conversion._known import Constant
from transcoder.conversion._patterns import PATTERNS, SINGLES, Pattern
from transcoder.conversion._plan import Plan, Subgraph
from transcoder.conversion._steps import Steps, operator_of, slots_of
from transcoder.conversion.operators import HANDLERS, Ints

_RANDOM = frozenset(handler.run for handler in HANDLERS.values() if handler.is_random)
_END = (1 << 31) - 1


def rewritten(plan: Plan, constants: Mapping[str, Constant], *, trainable: bool) -> Plan:
    """Rewrite the plan of a whole network.

    Args:
        plan: What runs it.
        constants: Tensors that are there from the beginning.
        trainable: Whether weights may change.
    """
    fixed = {
        each.slot: each.value
        for each in constants.values()
        if not (trainable and each.is_weight)
    }
    shapes = {
        each.slot: tuple(each.value.shape)
        for each in constants.values()
        if each.value.is_floating_point()
    }
    steps = Steps(plan, fixed, shapes)
    passes = (_share, _join_slices, partial(_fuse, PATTERNS), _fuse_attention)
    for run in (*passes, partial(_fuse, SINGLES)):
        run(steps)
        steps.count()
    return steps.finished()


def _share(steps: Steps) -> None:
    """Run once what is computed twice."""
    seen: dict[Hashable, int | tuple[int, ...]] = {}
    same: dict[int, int] = {}
    kept = []
    for each in steps.steps:
        step = each._replace(takes=tuple(same.get(slot, slot) for slot in each.takes))
        key = _key(step)
        if key is None or key not in seen:
            kept.append(step)
            if key is not None:
                seen[key] = step.gives
        else:
            same |= dict(zip(slots_of(step.gives), slots_of(seen[key]), strict=True))
    steps.rename(kept, same)


def _key(step: Step) -> Hashable | None:
    """Say what a step computes; None where that cannot be told, or chance decides."""
    slots = slots_of(step.gives)
    values = tuple(step.keywords.items())
    plain = not any(isinstance(each, Tensor | Subgraph) for _, each in values)
    if step.run in _RANDOM or ABSENT in slots or not plain:
        return None
    kind = isinstance(step.gives, int) or len(slots)
    return step.run, step.takes, values, repr(values), kind


def _fuse(patterns: Mapping[str, Pattern], steps: Steps) -> None:
    for at, step in enumerate(steps.steps):
        pattern = patterns.get(operator_of(step))
        found = None if pattern is None else pattern(steps, step)
        if found is not None:
            steps.put(at, found)


def _fuse_attention(steps: Steps) -> None:
    hidden: dict[int, int] = {}
    done: list[Step] = []
    for step in steps.steps:
        found = None
        if operator_of(step) == "MatMul":
            found = find_attention(steps, step, hidden)
        done += found or [step]
    steps.steps = done


def _join_slices(steps: Steps) -> None:
    """Cut once where Slices of one value lie side by side from its beginning."""
    cuts: dict[tuple[int, int], dict[tuple[int, int], list[Step]]] = {}
    for step in steps.steps:
        place = _cut(steps, step)
        if place is not None:
            axis, start, end = place
            cuts.setdefault((step.takes[0], axis), {}).setdefault((start, end), []).append(step)
    gone: set[int] = set()
    for (value, axis), found in cuts.items():
        bounds = _bounds(found)
        if bounds is not None:
            slices = [found[pair][0] for pair in sorted(found)]
            mine = {id(each) for each in slices}
            gone |= mine
            first = next(at for at, each in enumerate(steps.steps) if id(each) in mine)
            keywords = {"axis": axis, "bounds": bounds}
            gives = tuple(slots_of(each.gives)[0] for each in slices)
            label = steps.steps[first].label
            steps.put(first, Step(_fused.parts, (value,), keywords, gives, (), label))
    steps.steps = [each for each in steps.steps if id(each) not in gone]


def _bounds(found: Mapping[tuple[int, int], list[Step]]) -> tuple[int, ...] | None:
    pairs = sorted(found)
    starts, ends = [start for start, _ in pairs], [end for _, end in pairs]
    side_by_side = starts == [0, *ends[:-1]]
    once = all(len(each) == 1 for each in found.values())
    return tuple(ends) if len(pairs) > 1 and side_by_side and once else None


def _cut(steps: Steps, step: Step) -> tuple[int, int, int] | None:
    """Read a Slice of one axis by fixed numbers, one after the other: axis, start, end."""
    if operator_of(step) != "Slice" or len(step.takes) < 4:  # noqa: PLR2004  # with its axes
        return None
    numbers = [_single(steps.numbers.get(slot)) for slot in step.takes[1:4]]
    stride = _single(steps.numbers.get(step.takes[4])) if len(step.takes) > 4 else 1  # noqa: PLR2004
    start, end, axis = numbers
    if start is None or end is None or axis is None or stride != 1 or not 0 <= start < end:
        return None
    return axis, start, min(end, _END)


def _single(numbers: object | Ints) -> int | None:
    if isinstance(numbers, tuple) and len(numbers) == 1 and isinstance(numbers[0], int):
        return numbers[0]
    return None
