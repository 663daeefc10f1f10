"""What a cut of a network is, and which paths it has to cut; nouns only, no `onnx`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from typing_extensions import override

UNKNOWN_DTYPE = "?"
"""The dtype of a tensor of which neither the file nor any operator says it."""


@dataclass(frozen=True, slots=True)
class Strict:
    """Cut every path from every input to every output."""

    @override
    def __str__(self) -> str:
        return "on every path from every input to every output"


@dataclass(frozen=True, slots=True)
class FromInput:
    """Cut every path from one input; the other inputs go to both halves where both need them.

    Attributes:
        name: Of the graph's input.
    """

    name: str

    @override
    def __str__(self) -> str:
        return f"on every path from the input {self.name!r}"


@dataclass(frozen=True, slots=True)
class ToOutput:
    """Cut every path to one output; the head gives what the tail cannot give of the others.

    Attributes:
        name: Of the graph's output.
    """

    name: str

    @override
    def __str__(self) -> str:
        return f"on every path to the output {self.name!r}"


Notion: TypeAlias = Strict | FromInput | ToOutput
"""Which paths a cut has to cut."""


@dataclass(frozen=True, slots=True)
class ShapeLeak:
    """A shape that the tail needs of a tensor which only the head has.

    Attributes:
        tensor: Whose shape it is, often a graph input.
        value: What the graph calls the shape itself, an int64 tensor.
        is_recomputed: Whether the tail finds the shape from the axes of the cut tensor;
            otherwise the head gives `value` and the tail takes it as one more input.
    """

    tensor: str
    value: str
    is_recomputed: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """A tensor at which a network falls into a head and a tail.

    Attributes:
        tensor: Its name in the graph.
        dtype: A numpy name, or `UNKNOWN_DTYPE`.
        axes: A name, a number, or `UNKNOWN_AXIS` each; None where the rank is not known.
        depth: How many operators stand before it on the longest way.
        parameters_before: How many numbers the initializers of the head hold.
        parameters_after: How many those of the tail hold; what both use counts twice.
        side_inputs: Inputs of the graph that the tail takes besides the tensor.
        shape_leaks: Shapes that the tail needs of what stands before the tensor.
        is_bottleneck: Whether a row of it is narrower than in the cuts before and after.
    """

    tensor: str
    dtype: str
    axes: tuple[str | int, ...] | None
    depth: int
    parameters_before: int
    parameters_after: int
    side_inputs: tuple[str, ...] = ()
    shape_leaks: tuple[ShapeLeak, ...] = ()
    is_bottleneck: bool = False

    @property
    def is_floating(self) -> bool:
        """Whether it can be a latent, through which gradients pass."""
        return "float" in self.dtype

    @property
    def tail_inputs(self) -> tuple[str, ...]:
        """What the tail takes: the tensor, shapes that the head gives, inputs of the graph."""
        given = (leak.value for leak in self.shape_leaks if not leak.is_recomputed)
        return (self.tensor, *dict.fromkeys(given), *self.side_inputs)

    @override
    def __str__(self) -> str:
        axes = "unknown shape" if self.axes is None else ", ".join(map(str, self.axes))
        return f"{self.tensor}: {self.dtype}[{axes}]"


@dataclass(frozen=True, slots=True)
class CutReport:
    """Every place where a network can be cut, from its inputs on.

    Attributes:
        notion: Which paths the cuts cut.
        cuts: In the order in which the values pass through them.
        reason: One sentence that says why there is none; None where there are cuts.
    """

    notion: Notion
    cuts: tuple[Cut, ...]
    reason: str | None = None

    def __iter__(self) -> Iterator[Cut]:
        return iter(self.cuts)

    def __len__(self) -> int:
        return len(self.cuts)


@dataclass(frozen=True, slots=True)
class Halves:
    """A network in two files.

    Attributes:
        head: The serialized model that gives the cut tensor.
        tail: The serialized model that takes it.
        at: The cut between them.
    """

    head: bytes
    tail: bytes
    at: Cut
