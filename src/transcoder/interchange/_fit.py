"""Whether what a graph takes and gives fits the specs at its two ends; nouns only."""

from collections.abc import Iterator, Mapping

from transcoder.vocabulary import Signature, Spec, TensorSpec

UNKNOWN_AXIS = "?"
"""What a signature calls an axis of which the file says nothing."""


def check_segment(
    segment_name: str,
    signature: Signature,
    source_spec: Spec,
    target_spec: Spec,
    names: Mapping[str, str],
) -> list[str]:
    """Find everything by which a graph does not fit the specs at its two ends.

    Args:
        segment_name: What the faults call the segment.
        signature: What its file takes and gives.
        source_spec: What is put in; tensors that the graph has no input for are left out.
        target_spec: What must come out; more outputs than these are left out.
        names: From names in the specs to names in the graph, as `Segment.names` has them.

    Returns:
        One clause for each fault; nothing where all fits.
    """
    return [
        f"{segment_name!r} {fault}"
        for fault in (
            *_renaming_faults(signature, source_spec, target_spec, names),
            *_input_faults(signature.inputs, source_spec, names),
            *_output_faults(signature.outputs, target_spec, names),
        )
    ]


def _renaming_faults(
    signature: Signature, source: Spec, target: Spec, names: Mapping[str, str]
) -> Iterator[str]:
    if not names:
        return
    tensors = {*source.names, *target.names}
    tensors |= {f"source.{each}" for each in source.names}
    tensors |= {f"target.{each}" for each in target.names}
    present = {each.name for each in (*signature.inputs, *signature.outputs)}
    for tensor, renamed in names.items():
        if tensor not in tensors:
            yield f"renames {tensor!r}, which neither of its specs has"
        if renamed not in present:
            yield f"renames {tensor!r} to {renamed!r}, which its graph does not have"


def _input_faults(
    inputs: tuple[TensorSpec, ...], source: Spec, names: Mapping[str, str]
) -> Iterator[str]:
    given = {_renamed(each.name, names, side="source"): each for each in source.tensors}
    if not inputs:
        yield "takes no input, so what it gives cannot depend on its source"
    for wanted in inputs:
        tensor = given.get(wanted.name)
        if tensor is None:
            yield f"takes [{wanted}] but its source [{source}] has no such tensor"
        elif _has_fixed_batch(wanted):
            yield _fixed_batch("takes", wanted)
        elif not wanted.accepts(tensor):
            yield f"takes [{wanted}] but its source gives [{tensor}]"


def _output_faults(
    outputs: tuple[TensorSpec, ...], target: Spec, names: Mapping[str, str]
) -> Iterator[str]:
    given = {each.name: each for each in outputs}
    for wanted in target.tensors:
        tensor = given.get(_renamed(wanted.name, names, side="target"))
        if tensor is None:
            shown = "; ".join(map(str, outputs))
            yield f"gives [{shown}] but its target needs [{wanted}]"
        elif _has_fixed_batch(tensor):
            yield _fixed_batch("gives", tensor)
        elif not _can_stand_for(tensor, wanted):
            yield f"gives [{tensor}] but its target needs [{wanted}]"


def _renamed(tensor: str, names: Mapping[str, str], *, side: str) -> str:
    """What the graph calls a tensor; `Segment.input_name` and `output_name` say the same."""
    return names.get(f"{side}.{tensor}", names.get(tensor, tensor))


def _has_fixed_batch(tensor: TensorSpec) -> bool:
    return bool(tensor.axes) and isinstance(tensor.axes[0], int)


def _fixed_batch(verb: str, tensor: TensorSpec) -> str:
    return f"{verb} [{tensor}], whose batch is fixed; export it with a dynamic first axis"


def _can_stand_for(given: TensorSpec, wanted: TensorSpec) -> bool:
    return (
        given.dtype == wanted.dtype
        and len(given.axes) == len(wanted.axes)
        and all(
            mine in (UNKNOWN_AXIS, other) or isinstance(other, str)
            for mine, other in zip(given.axes, wanted.axes, strict=True)
        )
    )
