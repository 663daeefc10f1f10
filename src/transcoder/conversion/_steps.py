"""The steps of a plan, while they are rewritten."""

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from transcoder.conversion._action import Step
from transcoder.conversion._plan import Plan, with_liveness
from transcoder.conversion.operators import HANDLERS, Kernel

_OPERATORS: Mapping[Kernel, str] = {
    each.run: name
    for name, handler in HANDLERS.items()
    for each in (handler.numeric, handler)
    if each is not None
}


def slots_of(gives: int | tuple[int, ...]) -> tuple[int, ...]:
    """Give the slots of a step's results."""
    return (gives,) if isinstance(gives, int) else gives


@final
class Steps:
    """A plan that can be asked who makes a value and who reads it.

    Args:
        plan: What to rewrite.
        fixed: Tensors by slot that nothing changes: constants, and weights that are not
            trained.
        weights: Shapes of all floating tensors that are there from the beginning, by slot.
    """

    def __init__(
        self, plan: Plan, fixed: Mapping[int, Tensor], weights: Mapping[int, tuple[int, ...]]
    ) -> None:
        self.steps: list[Step] = list(plan.steps)
        self.fixed, self.weights = fixed, weights
        self.numbers = plan.numbers
        self._plan, self._size = plan, plan.size
        self._makers: dict[int, Step] = {}
        self._reads: dict[int, int] = {}
        self.count()

    def count(self) -> None:
        """Look anew at who makes and who reads what."""
        self._makers = {slot: each for each in self.steps for slot in slots_of(each.gives)}
        self._reads = dict.fromkeys(self._plan.gives, 2)
        for step in self.steps:
            for slot in step.takes:
                self._reads[slot] = self._reads.get(slot, 0) + 1

    def new_slot(self) -> int:
        """Make room for one more value."""
        self._size += 1
        return self._size - 1

    def put(self, at: int, step: Step) -> None:
        """Put another step in the place of one; what only that one read falls away later."""
        self.steps[at] = step
        for slot in slots_of(step.gives):
            self._makers[slot] = step

    def rename(self, kept: Sequence[Step], same: Mapping[int, int]) -> None:
        """Keep only some steps; the graph's outputs are read where others stand for them."""
        gives = tuple(same.get(slot, slot) for slot in self._plan.gives)
        plan = self._plan
        self._plan = Plan(plan.steps, plan.size, plan.takes, gives, plan.numbers)
        self.steps = list(kept)

    def maker(self, slot: int, *operators: str) -> Step | None:
        """Find the step that makes a value, if it is one of these and nothing else reads it."""
        return self.maker_of_all(slot, *operators, reads=1)

    def maker_of_all(self, slot: int, *operators: str, reads: int) -> Step | None:
        """Find the step that makes a value which is read so many times, as `maker`."""
        step = self._makers.get(slot)
        if step is None or self._reads.get(slot, 0) != reads:
            return None
        return step if operator_of(step) in operators else None

    def scalar(self, slot: int, *, rank: int = 0) -> float | None:
        """Read a single number that never changes, of at most this rank."""
        tensor = self.fixed.get(slot)
        if tensor is None or tensor.dim() > rank or tensor.numel() != 1:
            return None
        return float(tensor) if tensor.is_floating_point() else None

    def finished(self) -> Plan:
        """Drop what nobody reads, and say anew when each value is read last."""
        needed, kept = set(self._plan.gives), []
        for step in reversed(self.steps):
            if needed.intersection(slots_of(step.gives)):
                needed.update(step.takes)
                kept.append(step)
        numbers = {slot: value for slot, value in self.numbers.items() if slot in needed}
        steps = with_liveness(kept[::-1], frozenset({*self._plan.gives, *self._plan.takes}))
        return Plan(steps, self._size, self._plan.takes, self._plan.gives, numbers)


def operator_of(step: Step) -> str:
    """Name the operator whose kernel a step runs; empty for all other kernels."""
    return _OPERATORS.get(step.run, "")


def others(takes: Sequence[int], slot: int) -> int | None:
    """Of the two inputs of a step, find the one beside the given one."""
    if len(takes) != 2 or slot not in takes:  # noqa: PLR2004  # both sides of an operator
        return None
    return takes[1] if takes[0] == slot else takes[0]
