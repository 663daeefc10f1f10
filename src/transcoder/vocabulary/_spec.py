"""Named tensors with named axes: what carries a tensor modality, and what a graph takes."""

import re
from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from transcoder.errors import MalformedNameError

BATCH = "batch"
"""The axis along which rows stand; the first of every tensor."""

DTYPES = frozenset(
    {"bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"}
    | {"bfloat16", "string", "uint16", "uint32", "uint64"}
)

_GRAMMAR = re.compile(r"(?P<name>[^:\[\]]+):\s*(?P<dtype>\w+)\s*\[(?P<axes>[^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One named tensor.

    Attributes:
        name: What both sides call it.
        dtype: A numpy name, `float32`.
        axes: A name where any length may stand, a number where only that one may.
    """

    name: str
    dtype: str
    axes: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `hidden: float32[batch, time, 256]`.

        >>> TensorSpec.parse("mask: bool[batch, time]").axes
        ('batch', 'time')

        Raises:
            MalformedNameError: If the text is not of that form.
        """
        match = _GRAMMAR.fullmatch(text.strip())
        if match is None or match["dtype"] not in DTYPES:
            raise MalformedNameError("tensor spec", text, "hidden: float32[batch, time, 256]")
        axes = tuple(part.strip() for part in match["axes"].split(",") if part.strip())
        return cls(
            match["name"].strip(),
            match["dtype"],
            tuple(int(axis) if axis.isdecimal() else axis for axis in axes),
        )

    @property
    def is_floating(self) -> bool:
        """Whether gradients can pass through it."""
        return "float" in self.dtype

    def accepts(self, given: "TensorSpec") -> bool:
        """Whether a tensor of the given spec may stand here; names of axes do not count."""
        return (
            self.dtype == given.dtype
            and len(self.axes) == len(given.axes)
            and all(
                not isinstance(mine, int) or mine == other
                for mine, other in zip(self.axes, given.axes, strict=True)
            )
        )

    @override
    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(str(axis) for axis in self.axes)}]"


@dataclass(frozen=True, slots=True)
class Spec:
    """Every tensor that the networks behind a tensor modality need.

    Attributes:
        tensors: In a fixed order; each begins with the batch axis.
    """

    tensors: tuple[TensorSpec, ...]

    @classmethod
    def parse(cls, *texts: str) -> Self:
        """Read one text per tensor.

        Raises:
            MalformedNameError: If a text is not a tensor spec, a name recurs, or the first
                axis is not `batch`.
        """
        tensors = tuple(TensorSpec.parse(text) for text in texts)
        for tensor in tensors:
            if not tensor.axes or tensor.axes[0] != BATCH:
                raise MalformedNameError("spec", str(tensor), "hidden: float32[batch, 256]")
        if len({tensor.name for tensor in tensors}) != len(tensors) or not tensors:
            raise MalformedNameError("spec", "; ".join(texts), "tensors of different names")
        return cls(tensors)

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors' names in order."""
        return tuple(tensor.name for tensor in self.tensors)

    def tensor(self, name: str) -> TensorSpec:
        """Find a tensor by name.

        Raises:
            KeyError: If there is none.
        """
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        raise KeyError(name)

    @override
    def __str__(self) -> str:
        return "; ".join(str(tensor) for tensor in self.tensors)


@dataclass(frozen=True, slots=True)
class Signature:
    """What an ONNX graph takes and gives, as its file says.

    Attributes:
        inputs: In the graph's order, without initializers.
        outputs: In the graph's order.
        opset: Of the default operator domain.
        parameters: How many numbers its initializers hold.
        size_bytes: Of the serialized file.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    opset: int
    parameters: int
    size_bytes: int

    @override
    def __hash__(self) -> int:
        """Of the numbers alone; few graphs of equal size differ in what they take and give."""
        return hash((self.opset, self.parameters, self.size_bytes))
