"""Files that lie about their sizes, or that would unfold without end."""

import math
from collections.abc import Iterable, Iterator, Mapping

import onnx
from onnx import TensorProto, helper

from transcoder.errors import InvalidModelError
from transcoder.interchange._nested import nodes_within

_UNFOLDED_LIMIT = 1_000_000
"""How many nodes the functions of a file may come to where each call is written out."""

_PER_BYTE = {
    number: 4 if name.endswith("INT2") else 2
    for name, number in TensorProto.DataType.items()
    if name in {"INT4", "UINT4", "FLOAT4E2M1", "INT2", "UINT2"}
}
_COMPLEX = frozenset({TensorProto.COMPLEX64, TensorProto.COMPLEX128})

_Key = tuple[str, str, str]


def refuse_false_sizes(tensors: Iterable[onnx.TensorProto], name: str) -> None:
    """Refuse tensors whose numbers are not as many as their axes say.

    Raises:
        InvalidModelError: If there is one.
    """
    for tensor in tensors:
        wanted = math.prod(tensor.dims)
        found = _count(tensor)
        if min(tensor.dims, default=0) < 0 or (found is not None and found != wanted):
            held = "an unknown number" if found is None else found
            shape = ", ".join(map(str, tensor.dims))
            reason = f"its tensor {tensor.name!r} is [{shape}] but holds {held} of numbers"
            raise InvalidModelError(name, reason, "get the file again")


def _count(tensor: onnx.TensorProto) -> int | None:
    """How many numbers a tensor really holds; None where its dtype is not known."""
    if tensor.data_type == TensorProto.STRING:
        return len(tensor.string_data)
    if tensor.data_type not in helper.get_all_tensor_dtypes():
        return None
    packed = _PER_BYTE.get(tensor.data_type, 1)
    if tensor.HasField("raw_data"):
        size_bytes = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        wanted = math.prod(tensor.dims)
        held = len(tensor.raw_data) * packed // size_bytes
        return wanted if 0 <= held - wanted < packed else held
    field = helper.tensor_dtype_to_field(tensor.data_type)
    held = len(getattr(tensor, field))
    if tensor.data_type in _COMPLEX:
        return held // 2
    wanted = math.prod(tensor.dims)
    return wanted if packed > 1 and 0 <= held * packed - wanted < packed else held


def refuse_bombs(model: onnx.ModelProto, name: str) -> None:
    """Refuse functions that call each other in a circle, or unfold to too many nodes.

    Raises:
        InvalidModelError: If there are such.
    """
    calls = {_key(each): list(_calls(each.node)) for each in model.functions}
    sizes = {_key(each): sum(1 for _ in nodes_within(each.node)) for each in model.functions}
    unfolded: dict[_Key, int] = {}
    for function in _callees_first(calls, name):
        inner = sum(unfolded.get(called, 0) for called in calls[function])
        unfolded[function] = sizes[function] + inner
    total = sum(unfolded.get(called, 0) for called in _calls(model.graph.node))
    if total > _UNFOLDED_LIMIT:
        reason = f"its functions unfold to more than {_UNFOLDED_LIMIT:,} nodes"
        raise InvalidModelError(name, reason)


def _callees_first(calls: Mapping[_Key, list[_Key]], name: str) -> list[_Key]:
    done: dict[_Key, None] = {}
    for start in calls:
        stack = [(start, iter(calls[start]))]
        open_now = {start}
        while stack and start not in done:
            function, rest = stack[-1]
            called = next((each for each in rest if each in calls and each not in done), None)
            if called is None:
                done[function] = None
                open_now.discard(function)
                stack.pop()
            elif called in open_now:
                reason = f"its functions {called[1]!r} and {function[1]!r} call each other"
                raise InvalidModelError(name, reason)
            else:
                open_now.add(called)
                stack.append((called, iter(calls[called])))
    return list(done)


def _calls(nodes: Iterable[onnx.NodeProto]) -> Iterator[_Key]:
    for node in nodes_within(nodes):
        yield (node.domain, node.op_type, node.overload)


def _key(function: onnx.FunctionProto) -> _Key:
    return (function.domain, function.name, function.overload)
