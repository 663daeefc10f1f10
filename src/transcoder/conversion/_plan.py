"""A flat list of steps over numbered slots, and the loop that runs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from transcoder.conversion._action import ABSENT, Action, Step, action_of
from transcoder.errors import ConversionError

DEVICE = 0
"""The slot that holds the device of the network."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs one graph.

    Attributes:
        steps: In the order of execution.
        size: How many slots there are.
        takes: Slots of the graph's inputs.
        gives: Slots of the graph's outputs.
        numbers: Python values by slot, there from the beginning.
        actions: The steps, ready to be called.
    """

    steps: tuple[Step, ...]
    size: int
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    numbers: Mapping[int, object]
    actions: tuple[tuple[Action, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        actions = tuple((action_of(step), step.label) for step in self.steps)
        object.__setattr__(self, "actions", actions)

    def slots(self, device: torch.device, inputs: Sequence[object]) -> list[object]:
        """Lay out all slots, with inputs and numbers at their places."""
        slots: list[object] = [None] * self.size
        slots[DEVICE] = device
        for slot, number in self.numbers.items():
            slots[slot] = number
        for slot, value in zip(self.takes, inputs, strict=True):
            slots[slot] = value
        return slots

    def run(self, slots: list[object]) -> list[object]:
        """Execute all steps.

        Args:
            slots: Device, constants and inputs at their places; used up.

        Returns:
            The graph's outputs in order.

        Raises:
            ConversionError: If a kernel refuses its inputs.
        """
        label = ""
        try:
            for action, label in self.actions:  # noqa: B007  # told below
                action(slots)
        except (
            ArithmeticError,
            AttributeError,
            IndexError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as error:
            raise ConversionError(label, None, str(error)) from error
        return [slots[each] for each in self.gives]

    def with_floats(self, floats: Mapping[torch.dtype, torch.dtype]) -> "Plan":
        """Cast as the weights were cast.

        Args:
            floats: From the floating types that the file names to those wanted.
        """
        steps = tuple(
            step._replace(
                keywords={name: _cast(value, floats) for name, value in step.keywords.items()}
            )
            for step in self.steps
        )
        return Plan(steps, self.size, self.takes, self.gives, self.numbers)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """The body of a loop or a branch.

    Attributes:
        plan: What runs it.
        captures: Pairs of a position among what the kernel was given and a slot of the plan.
    """

    plan: Plan
    captures: tuple[tuple[int, int], ...]

    @property
    def takes(self) -> int:
        """How many inputs it has, without what it captures."""
        return len(self.plan.takes)

    def run(
        self, device: torch.device, given: Sequence[object], inputs: Sequence[object]
    ) -> list[object]:
        """Run the body; see `operators.Block`."""
        slots = self.plan.slots(device, inputs)
        for position, slot in self.captures:
            slots[slot] = given[position]
        return self.plan.run(slots)

    def with_floats(self, floats: Mapping[torch.dtype, torch.dtype]) -> "Subgraph":
        """Cast as the weights were cast."""
        return Subgraph(self.plan.with_floats(floats), self.captures)


def _cast(value: object, floats: Mapping[torch.dtype, torch.dtype]) -> object:
    match value:
        case torch.dtype():
            return floats.get(value, value)
        case Tensor():
            return value.to(floats.get(value.dtype, value.dtype))
        case Subgraph():
            return value.with_floats(floats)
        case _:
            return value


def with_liveness(steps: Sequence[Step], keep: frozenset[int]) -> tuple[Step, ...]:
    """Say at each step which slots are read there for the last time.

    Args:
        steps: In the order of execution.
        keep: Slots that must stay: outputs.
    """
    seen = set(keep) | {DEVICE, ABSENT}
    done: list[Step] = []
    for step in reversed(steps):
        gives = (step.gives,) if isinstance(step.gives, int) else step.gives
        last = tuple(dict.fromkeys(each for each in (*step.takes, *gives) if each not in seen))
        seen.update(last)
        done.append(step._replace(frees=last))
    return tuple(reversed(done))
