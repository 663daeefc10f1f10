"""The segments of a path as one frozen torch module."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, final

from torch import Tensor, nn
from typing_extensions import override

from transcoder.conversion import OnnxModule, to_torch
from transcoder.errors import ConversionError, InvalidModelError
from transcoder.vocabulary import Catalog, EdgePath, Segment


@dataclass(frozen=True, slots=True)
class _Joint:
    """How one segment is wired.

    Attributes:
        label: The segment, for people.
        takes: For each input of the graph, the tensor of the source's spec.
        gives: For each tensor of the target's spec, the place of its output in the graph.
    """

    label: str
    takes: tuple[str, ...]
    gives: Mapping[str, int]


@final
class FrozenStack(nn.Module):
    """Runs converted segments one after another, made by `build_stack`.

    Its weights are frozen and it computes as at inference, whatever the mode; gradients flow
    to what it is given.
    """

    def __init__(self, modules: Sequence[OnnxModule], joints: Sequence[_Joint]) -> None:
        super().__init__()
        self.segments = nn.ModuleList(modules)
        self._joints = tuple(joints)
        self.requires_grad_(False)  # noqa: FBT003  # torch's own signature
        for each in self.modules():
            each.training = False

    @override
    def forward(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run all segments.

        Args:
            tensors: Every tensor of the first source's spec by name, each (batch, ...).

        Returns:
            Every tensor of the last target's spec by name, each (batch, ...).

        Raises:
            ConversionError: If a segment refuses what it is given.
        """
        now = dict(tensors)
        for at in range(len(self._joints)):
            now = self.step(at, now)
        return now

    def step(self, at: int, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one segment.

        Args:
            at: Its place on the path.
            tensors: Every tensor of its source's spec by name, each (batch, ...).

        Returns:
            Every tensor of its target's spec by name, each (batch, ...).

        Raises:
            ConversionError: If the segment refuses what it is given.
        """
        joint = self._joints[at]
        missing = [name for name in joint.takes if name not in tensors]
        if missing:
            raise ConversionError(joint.label, None, f"{missing[0]!r} was not given")
        outputs = self.segments[at](*(tensors[name] for name in joint.takes))
        places = outputs if isinstance(outputs, tuple) else (outputs,)
        return {name: places[place] for name, place in joint.gives.items()}

    @override
    def train(self, mode: bool = True) -> Self:  # torch's own signature
        """Stay frozen, whatever the mode."""
        del mode
        return self


def build_stack(
    path: EdgePath, read_blob: Callable[[str], bytes], catalog: Catalog
) -> FrozenStack:
    """Convert the segments of a path to one frozen, differentiable module.

    Args:
        path: Segments only; a path without edges gives back what it takes.
        read_blob: Finds the ONNX bytes of a digest.
        catalog: Knows the specs of the path's modalities.

    Returns:
        A module from the tensors of the path's source to those of its target.

    Raises:
        ConversionError: If an edge is no segment, or has no file yet.
        InvalidModelError: If a graph does not fit the specs.
        UnsupportedOperatorError: If a graph has an operator without torch meaning.
    """
    modules, joints = [], []
    for edge in path.edges:
        if not isinstance(edge, Segment):
            raise ConversionError(str(edge), None, "no gradient passes through an oracle")
        if edge.digest is None:
            raise ConversionError(str(edge), None, "it is yet to be trained")
        module = to_torch(read_blob(edge.digest))
        modules.append(module)
        joints.append(_joint(edge, module, catalog))
    return FrozenStack(modules, joints)


def _joint(segment: Segment, module: OnnxModule, catalog: Catalog) -> _Joint:
    source, target = catalog.spec(segment.source), catalog.spec(segment.target)
    servers = {segment.input_name(name): name for name in source.names}
    unserved = [name for name in module.input_names if name not in servers]
    if unserved:
        reason = f"no tensor of {segment.source} serves its input {unserved[0]!r}"
        raise InvalidModelError(segment.name, reason, "register it with names that say which")
    places = {name: at for at, name in enumerate(module.output_names)}
    wanted = {name: segment.output_name(name) for name in target.names}
    absent = [name for name, output in wanted.items() if output not in places]
    if absent:
        reason = f"no output gives {absent[0]!r} of {segment.target}"
        raise InvalidModelError(segment.name, reason, "register it with names that say which")
    return _Joint(
        str(segment),
        tuple(servers[name] for name in module.input_names),
        {name: places[output] for name, output in wanted.items()},
    )
