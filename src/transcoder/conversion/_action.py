"""Single steps, each bound to its slots, so that running many costs little."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias

from transcoder.conversion.operators import Kernel

Action: TypeAlias = Callable[[list[object]], None]
"""Reads its slots, runs its kernel, writes its results and frees what nothing reads again."""

ABSENT = 1
"""The slot of inputs that a node leaves out; always None."""


class Step(NamedTuple):
    """One call of a kernel.

    Attributes:
        run: The kernel.
        takes: Slots of its positional arguments.
        keywords: Its attributes.
        gives: The slot of its result, or one slot for each of its results.
        frees: Slots that nothing reads afterwards.
        label: The node, for people.
    """

    run: Kernel
    takes: tuple[int, ...]
    keywords: Mapping[str, object]
    gives: int | tuple[int, ...]
    frees: tuple[int, ...]
    label: str


def action_of(step: Step) -> Action:
    """Bind a step to its slots."""
    run = partial(step.run, **step.keywords) if step.keywords else step.run
    if not isinstance(step.gives, int):
        return _many(run, step.takes, step.gives, step.frees)
    if len(step.takes) in _BY_COUNT:
        return _BY_COUNT[len(step.takes)](run, *step.takes, step.gives, step.frees)
    return _any(run, step.takes, step.gives, step.frees)


def _one(run: Kernel, first: int, gives: int, frees: tuple[int, ...]) -> Action:
    def act(slots: list[object]) -> None:
        slots[gives] = run(slots[first])
        for each in frees:
            slots[each] = None

    return act


def _two(run: Kernel, first: int, second: int, gives: int, frees: tuple[int, ...]) -> Action:
    def act(slots: list[object]) -> None:
        slots[gives] = run(slots[first], slots[second])
        for each in frees:
            slots[each] = None

    return act


def _three(
    run: Kernel, first: int, second: int, third: int, gives: int, frees: tuple[int, ...]
) -> Action:
    def act(slots: list[object]) -> None:
        slots[gives] = run(slots[first], slots[second], slots[third])
        for each in frees:
            slots[each] = None

    return act


def _any(run: Kernel, takes: tuple[int, ...], gives: int, frees: tuple[int, ...]) -> Action:
    def act(slots: list[object]) -> None:
        slots[gives] = run(*[slots[each] for each in takes])
        for each in frees:
            slots[each] = None

    return act


def _many(
    run: Kernel, takes: tuple[int, ...], gives: tuple[int, ...], frees: tuple[int, ...]
) -> Action:
    def act(slots: list[object]) -> None:
        results = run(*[slots[each] for each in takes])
        for slot, result in zip(gives, results, strict=False):  # type: ignore[call-overload]  # of a kernel that gives many
            if slot != ABSENT:
                slots[slot] = result
        for each in frees:
            slots[each] = None

    return act


_BY_COUNT: Mapping[int, Callable[..., Action]] = {1: _one, 2: _two, 3: _three}
