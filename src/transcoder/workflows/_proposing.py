"""Propose a spec for what a file takes or gives."""

from collections.abc import Mapping, Sequence

from transcoder.errors import InvalidModelError
from transcoder.interchange import UNKNOWN_AXIS
from transcoder.vocabulary import BATCH, Spec, TensorSpec


def propose_spec(
    model: str, tensors: Sequence[TensorSpec], *, side: str, names: Mapping[str, str]
) -> Spec:
    """Propose what carries a modality, from the tensors at one end of an ONNX file.

    The first axis becomes `batch`; axes that the file leaves unnamed get a name.

    Args:
        model: What errors call the file.
        tensors: Its inputs, or its outputs.
        side: `source` for inputs, `target` for outputs.
        names: From names in specs to names in the graph, where they differ.

    Raises:
        InvalidModelError: If a tensor has no axis along which rows could stand.
    """
    return Spec(
        tuple(_proposed(model, each, _spec_name(each, side, names)) for each in tensors)
    )


def _proposed(model: str, tensor: TensorSpec, name: str) -> TensorSpec:
    if not tensor.axes:
        reason = f"[{tensor}] has no axes, so it cannot hold one row after another"
        raise InvalidModelError(model, reason, "export it with a dynamic first axis")
    rest = (
        f"axis_{number}" if axis in {UNKNOWN_AXIS, BATCH} else axis
        for number, axis in enumerate(tensor.axes[1:], 1)
    )
    return TensorSpec(name, tensor.dtype, (BATCH, *rest))


def _spec_name(tensor: TensorSpec, side: str, names: Mapping[str, str]) -> str:
    for name, renamed in names.items():
        qualifier, dot, bare = name.rpartition(".")
        if renamed == tensor.name and (not dot or qualifier == side):
            return bare
    return tensor.name
