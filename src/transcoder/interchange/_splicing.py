"""Puts one network behind another."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import final

import onnx

from transcoder.errors import SpecMismatchError, SpliceError, UnknownNameError
from transcoder.interchange._axes import RawAxis, is_nameless
from transcoder.interchange._naming import (
    all_names,
    axis_names,
    fresh_names,
    node_names,
    rename_axes,
    rename_nodes,
    rename_values,
)
from transcoder.interchange._opsets import level_opsets, merge_functions
from transcoder.interchange._parsing import check, load_checked
from transcoder.interchange._tensor_types import TensorType, type_of

_Values = dict[str, onnx.ValueInfoProto]


def put_together(
    head: bytes | onnx.ModelProto,
    tail: bytes | onnx.ModelProto,
    joins: Mapping[str, str] | None,
    *,
    keep: Collection[str],
) -> bytes:
    """Do the work of `splice`."""
    first, second = load_checked(head, "head"), load_checked(tail, "tail")
    joined = _joined(first.graph, second.graph, joins)
    for name in keep:
        if name not in joined:
            raise UnknownNameError("joined output of the head", name, joined)
    first, second = level_opsets(first, second)
    seam = _Seam(joined, _shared(first.graph, second.graph, joined), frozenset(keep))
    functions = merge_functions(first, second)
    _unify_axes(first.graph, second.graph, seam)
    seam = _unify_names(first, second, seam)
    _append(first, second, seam)
    del first.functions[:]
    first.functions.extend(functions)
    check(first, "spliced")
    return bytes(first.SerializeToString())


@final
@dataclass(frozen=True, slots=True)
class _Seam:
    """Where two graphs meet.

    Attributes:
        joined: From outputs of the head to inputs of the tail.
        shared: Inputs that both take.
        kept: Joined outputs that stay outputs.
        equal: Weights of the tail that the head has too.
    """

    joined: dict[str, str]
    shared: frozenset[str]
    kept: frozenset[str]
    equal: frozenset[str] = frozenset()

    def pairs(self) -> list[tuple[str, str]]:
        """Names in the head with names in the tail that mean one tensor."""
        return [*self.joined.items(), *((name, name) for name in sorted(self.shared))]

    def outputs_of_head(self, graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
        """The outputs of the head that the whole gives too."""
        return [e for e in graph.output if e.name not in self.joined or e.name in self.kept]

    def inputs_of_tail(self, graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
        """The inputs of the tail that the whole takes too, beside those of the head."""
        given = {*self.joined.values(), *self.shared, *self.equal}
        return [each for each in graph.input if each.name not in given]


def _joined(
    head: onnx.GraphProto, tail: onnx.GraphProto, joins: Mapping[str, str] | None
) -> dict[str, str]:
    """Decide what is joined, and check that it fits."""
    outputs, inputs = _by_name(head.output), _by_name(tail.input)
    found = dict(joins) if joins is not None else {n: n for n in outputs if n in inputs}
    for given, taken in found.items():
        if given not in outputs:
            raise UnknownNameError("output of the head", given, outputs)
        if taken not in inputs:
            raise UnknownNameError("input of the tail", taken, inputs)
        ends = type_of(outputs[given].type), type_of(inputs[taken].type)
        if not _fit(*ends):
            raise SpecMismatchError(given, _shown(ends[0]), taken, _shown(ends[1]))
    if not found or len(set(found.values())) < len(found):
        shown = ", ".join(map(repr, outputs)), ", ".join(map(repr, inputs))
        reason = f"the head gives {shown[0]} and the tail takes {shown[1]}"
        raise SpliceError(reason, "say by joins which output goes into which input")
    return found


def _by_name(values: Iterable[onnx.ValueInfoProto]) -> _Values:
    return {each.name: each for each in values}


def _fit(given: TensorType | None, taken: TensorType | None) -> bool:
    if given is None or taken is None:
        return given is taken
    if given.element != taken.element:
        return False
    if given.axes is None or taken.axes is None:
        return True
    return len(given.axes) == len(taken.axes) and all(
        _axes_fit(*pair) for pair in zip(given.axes, taken.axes, strict=True)
    )


def _axes_fit(given: RawAxis, taken: RawAxis) -> bool:
    return given == taken or not (isinstance(given, int) and isinstance(taken, int))


def _shown(given: TensorType | None) -> str:
    if given is None:
        return "no tensor"
    axes = ", ".join(map(str, given.shown_axes or ()))
    return f"{given.dtype}[{axes}]"


def _shared(
    head: onnx.GraphProto, tail: onnx.GraphProto, joined: Mapping[str, str]
) -> frozenset[str]:
    """Find inputs of one name and kind; weights listed as inputs are none."""
    weights = {each.name for each in (*head.initializer, *tail.initializer)}
    mine = _by_name(head.input)
    return frozenset(
        each.name
        for each in tail.input
        if each.name in mine
        and each.name not in weights
        and each.name not in joined.values()
        and _fit(type_of(mine[each.name].type), type_of(each.type))
    )


def _unify_axes(head: onnx.GraphProto, tail: onnx.GraphProto, seam: _Seam) -> None:
    """Let an axis name mean one length in both graphs.

    Ensures: axes of tensors that meet have the head's names; other names of the tail are new.
    """
    given, taken = _by_name((*head.output, *head.input)), _by_name(tail.input)
    names: dict[str, str] = {}
    for mine, theirs in seam.pairs():
        ends = type_of(given[mine].type), type_of(taken[theirs].type)
        pairs = zip(*((end.axes or ()) if end else () for end in ends), strict=False)
        for first, second in pairs:
            if isinstance(first, str) and isinstance(second, str) and not is_nameless(first):
                names.setdefault(second, first)
    fresh = fresh_names(axis_names(head) | axis_names(tail) | set(names.values()))
    for name in sorted(axis_names(tail) & axis_names(head) - set(names)):
        names[name] = fresh(name)
    rename_axes(tail, names)


def _unify_names(head: onnx.ModelProto, tail: onnx.ModelProto, seam: _Seam) -> _Seam:
    """Rename values so that one name means one value in both graphs.

    Ensures: inputs and outputs of the whole keep their names, but for an output of the tail
    whose name the head's inputs or outputs have.
    """
    mine, theirs = all_names(head), all_names(tail)
    fresh = fresh_names(mine | theirs)
    open_ends = {e.name for e in (*tail.graph.output, *seam.inputs_of_tail(tail.graph))}
    fixed = {e.name for e in (*head.graph.input, *seam.outputs_of_head(head.graph))}
    equal = _equal_weights(head.graph, tail.graph) - open_ends
    first = {name: fresh(name) for name in sorted((mine - fixed - equal - {""}) & open_ends)}
    rename_values(head.graph, first)
    second = {taken: first.get(given, given) for given, taken in seam.joined.items()}
    clashing = ((mine - first.keys()) & theirs) - seam.shared - equal - {""} - second.keys()
    second.update({name: fresh(name) for name in sorted(clashing)})
    rename_values(tail.graph, second)
    rename_nodes(tail.graph, fresh_names(set(node_names(head.graph))))
    joined = {first.get(name, name): first.get(name, name) for name in seam.joined}
    return _Seam(joined, seam.shared, seam.kept, frozenset(equal))


def _equal_weights(head: onnx.GraphProto, tail: onnx.GraphProto) -> set[str]:
    mine = {each.name: each for each in head.initializer}
    return {each.name for each in tail.initializer if mine.get(each.name) == each}


def _append(head: onnx.ModelProto, tail: onnx.ModelProto, seam: _Seam) -> None:
    """Put the tail behind the head, in place.

    Requires: one name means one value in both.
    """
    graph, more = head.graph, tail.graph
    inner = [each for each in graph.output if each.name in seam.joined]
    outputs = [*seam.outputs_of_head(graph), *more.output]
    graph.input.extend(seam.inputs_of_tail(more))
    graph.node.extend(more.node)
    graph.initializer.extend(e for e in more.initializer if e.name not in seam.equal)
    graph.sparse_initializer.extend(more.sparse_initializer)
    del graph.output[:]
    graph.output.extend(outputs)
    ends = {each.name for each in (*graph.input, *graph.output)}
    notes = _by_name((*more.value_info, *inner, *graph.value_info))
    del graph.value_info[:]
    graph.value_info.extend(each for name, each in notes.items() if name not in ends)
    graph.quantization_annotation.extend(more.quantization_annotation)
    graph.name = f"{graph.name}.{more.name}"
    head.ir_version = max(head.ir_version, tail.ir_version)
    held = {each.domain for each in head.opset_import}
    head.opset_import.extend(e for e in tail.opset_import if e.domain not in held)
    known = {each.key for each in head.metadata_props}
    head.metadata_props.extend(e for e in tail.metadata_props if e.key not in known)
