"""How an operator says what it computes and how it wants its inputs."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

Ints: TypeAlias = int | tuple[int, ...]
"""A scalar or a vector that is known to Python, such as a shape."""

Kernel: TypeAlias = Callable[..., object]
"""Inputs by position, None where absent; attributes by keyword, named as in ONNX."""


class Block(Protocol):
    """The body of a loop or a branch, ready to run."""

    @property
    def takes(self) -> int:
        """How many inputs it has, without what it captures."""

    def run(
        self, device: torch.device, given: Sequence[object], inputs: Sequence[object]
    ) -> list[object]:
        """Run the body.

        Args:
            device: Where new tensors are made.
            given: All that the kernel was given after the device, captures included.
            inputs: The body's own inputs.

        Returns:
            The body's outputs.
        """


@dataclass(frozen=True, slots=True)
class Handler:
    """What one operator becomes.

    A kernel whose first parameter is named `device` is given the device of the network. A
    keyword parameter `outputs` is given the number of outputs that the node has, `packed`
    whether the constants of `pack` were rearranged while converting. A graph among the
    attributes becomes a `Block`; what it captures is given after the inputs.

    Attributes:
        run: The kernel, a function at module level.
        host: Positions of inputs that are read as Python numbers, such as a shape.
        many: Whether the kernel gives a sequence of outputs rather than one.
        pack: Rearranges a constant input, by its position, once while converting.
        check: Says why a node cannot be run, from its attributes and those inputs that are
            constant and read as Python numbers, None elsewhere; None where it can.
        is_random: Whether equal inputs give other outputs, so that nothing is folded.
        numeric: What runs instead where all inputs that it reads as Python numbers are known
            to Python already.
        floats: Whether this, as a `numeric` handler, also reads constants that are real.
        domain: Whose operator it is; "transcoder" where only we write it, into lowered graphs.
    """

    run: Kernel
    host: tuple[int, ...] = ()
    many: bool = False
    pack: Mapping[int, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    check: Callable[[Mapping[str, object], Sequence[object]], str | None] | None = None
    is_random: bool = False
    numeric: "Handler | None" = None
    floats: bool = False
    domain: str = ""


def handlers(kernels: Mapping[str, Kernel]) -> dict[str, Handler]:
    """Make plain handlers of kernels that want tensors and give one tensor."""
    return {name: Handler(kernel) for name, kernel in kernels.items()}


def takes_device(kernel: Kernel) -> bool:
    """Whether a kernel makes tensors from nothing, so that it must be told where."""
    return next(iter(parameters_of(kernel)), "") == "device"


def parameters_of(kernel: Kernel) -> Mapping[str, inspect.Parameter]:
    """Read a kernel's parameters; none of torch's own functions, which take no attributes."""
    try:
        return inspect.signature(kernel).parameters
    except ValueError:
        return {}
