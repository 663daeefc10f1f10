"""From the nodes of a graph to a plan: folds constants and keeps shapes in Python."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import onnx
import torch
from torch import Tensor

from transcoder.conversion._attributes import keyword_values, tensor_of
from transcoder.conversion._host import (
    HOST_RULES,
    SHAPE_RULES,
    HostRule,
    host_rank,
    read_numbers,
    write_numbers,
)
from transcoder.conversion._plan import ABSENT, DEVICE, Plan, Step, Subgraph, with_liveness
from transcoder.conversion.operators import HANDLERS, Handler, Ints, takes_device
from transcoder.errors import InvalidModelError, UnsupportedOperatorError

_CPU = torch.device("cpu")
_MOST_FOLDED = 1 << 16

CONSTANT = "transcoder: not a weight"
"""The doc string of an initializer that is never trained."""


@dataclass(slots=True)
class _Known:
    """What is known of a value while converting.

    Attributes:
        name: In the graph.
        tensor: Its slot as a tensor, once it has one.
        host: Its slot as Python numbers, once it has one.
        constant: Its value, where nothing can change it.
        rank: 0 or 1 where it may live as Python integers.
        dtype: Of a value that may live as Python integers.
        is_weight: Whether it is, or comes from, a weight that may be trained.
        outer: The same value in the graph around, where it is captured.
    """

    name: str
    tensor: int | None = None
    host: int | None = None
    constant: Tensor | None = None
    rank: int | None = None
    dtype: torch.dtype = torch.int64
    is_weight: bool = False
    outer: "_Known | None" = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor that the plan needs from the beginning.

    Attributes:
        slot: Where the plan wants it.
        value: The tensor.
        is_weight: Whether it may be trained.
    """

    slot: int
    value: Tensor
    is_weight: bool


@dataclass(frozen=True, slots=True)
class Built:
    """A plan with what it starts from.

    Attributes:
        plan: The steps.
        constants: Tensors by name.
        nodes: What was not folded, over the names of `constants`.
        small: Constants that live only as Python values, as tensors by name.
    """

    plan: Plan
    constants: Mapping[str, Constant]
    nodes: Sequence[onnx.NodeProto]
    small: Mapping[str, Tensor]


@final
class Builder:
    """Turns one graph into a plan; the graph's operators are checked beforehand."""

    def __init__(
        self,
        graph: onnx.GraphProto,
        opset: int,
        *,
        trainable: bool,
        around: "Builder | None" = None,
    ) -> None:
        self._graph, self._opset, self._trainable = graph, opset, trainable
        self._around = around
        self._captures: list[tuple[int, int]] = []
        self._known: dict[str, _Known] = {}
        self._steps: list[Step] = []
        self._size = 2
        self._constants: dict[str, Constant] = {}
        self._numbers: dict[int, object] = {}
        self._small: dict[str, Tensor] = {}
        self._nodes: list[onnx.NodeProto] = []

    def build(self) -> Built:
        """Build the plan of a whole network."""
        return Built(self._plan(), self._constants, self._nodes, self._small)

    def _plan(self) -> Plan:
        for tensor in self._graph.initializer:
            is_weight = tensor.doc_string != CONSTANT
            self._add_constant(tensor.name, tensor_of(tensor), is_weight=is_weight)
        takes = tuple(
            self._add_input(value.name)
            for value in self._graph.input
            if value.name not in self._known
        )
        for node in self._graph.node:
            self._add(node)
        gives = tuple(self._tensor_slot(self._find(value.name)) for value in self._graph.output)
        steps = with_liveness(self._steps, frozenset(gives))
        return Plan(steps, self._size, takes, gives, self._numbers)

    def _new_slot(self) -> int:
        self._size += 1
        return self._size - 1

    def _add_input(self, name: str) -> int:
        slot = self._new_slot()
        self._known[name] = _Known(name, tensor=slot)
        return slot

    def _add_constant(self, name: str, value: Tensor | None, *, is_weight: bool) -> _Known:
        if value is None:
            raise InvalidModelError(name, "torch has no type for this constant")
        weight = is_weight and value.is_floating_point() and value.dim() > 0
        known = _Known(
            name, constant=value, rank=host_rank(value), dtype=value.dtype, is_weight=weight
        )
        self._known[name] = known
        return known

    def _find(self, name: str) -> _Known:
        if name not in self._known:
            if self._around is None:
                raise InvalidModelError(name, "nothing in the graph gives this value")
            self._known[name] = self._captured(name, self._around._find(name))
        return self._known[name]

    def _captured(self, name: str, outer: _Known) -> _Known:
        if outer.constant is not None:
            self._keep(name, outer.constant)
        return _Known(
            name, constant=outer.constant, rank=outer.rank, dtype=outer.dtype,
            is_weight=outer.is_weight, outer=outer,
        )  # fmt: skip

    def _keep(self, name: str, value: Tensor) -> None:
        if self._around is None:
            self._small[name] = value
        else:
            self._around._keep(name, value)

    def _adopt(self, known: _Known) -> _Known:
        """Take a constant of an inner graph, so that the whole network holds it."""
        name = known.name
        while name in self._known:
            name += "'"
        value = known.constant
        return self._add_constant(name, value, is_weight=known.is_weight)

    def _tensor_slot(self, known: _Known) -> int:
        if known.tensor is None:
            known.tensor = slot = self._new_slot()
            if known.outer is None and known.constant is not None and self._around is not None:
                known.outer = self._around._adopt(known)
            if known.outer is not None and self._around is not None:
                self._captures.append((self._around._tensor_slot(known.outer), slot))
            elif known.constant is not None:
                self._constants[known.name] = Constant(slot, known.constant, known.is_weight)
            else:
                keywords = {"dtype": known.dtype}
                self._emit(write_numbers, (DEVICE, known.host or 0), keywords, slot, known.name)
        return known.tensor

    def _host_slot(self, known: _Known) -> int:
        if known.host is None:
            known.host = slot = self._new_slot()
            if known.constant is not None:
                self._numbers[slot] = read_numbers(known.constant)
                self._keep(known.name, known.constant)
            elif known.outer is not None and self._around is not None:
                self._captures.append((self._around._host_slot(known.outer), slot))
            else:
                self._emit(read_numbers, (self._tensor_slot(known),), {}, slot, known.name)
        return known.host

    def _emit(
        self, run: Callable[..., object], takes: Sequence[int], keywords: Mapping[str, object],
        gives: int | tuple[int, ...], label: str,
    ) -> None:  # fmt: skip
        self._steps.append(Step(run, tuple(takes), keywords, gives, (), label))

    def _add(self, node: onnx.NodeProto) -> None:
        handler = HANDLERS[node.op_type]
        keywords: dict[str, object] = dict(keyword_values(node, handler, self._opset))
        inputs = [self._find(name) if name else None for name in node.input]
        if self._fold(node, handler, keywords, inputs):
            return
        if not self._add_host(node, keywords, inputs):
            node, inputs = self._pack(node, handler, keywords, inputs)
            self._add_step(node, handler, keywords, inputs)
        self._nodes.append(node)

    def _fold(
        self, node: onnx.NodeProto, handler: Handler, keywords: Mapping[str, object],
        inputs: Sequence[_Known | None],
    ) -> bool:  # fmt: skip
        given = [each for each in inputs if each is not None]
        bodies = any(isinstance(each, onnx.GraphProto) for each in keywords.values())
        if handler.is_random or bodies or any(each.constant is None for each in given):
            return False
        if self._trainable and any(each.is_weight for each in given):
            return False
        values = [
            None if each is None or each.constant is None
            else read_numbers(each.constant) if position in handler.host
            else each.constant
            for position, each in enumerate(inputs)
        ]  # fmt: skip
        device = (_CPU,) if takes_device(handler.run) else ()
        try:
            with torch.no_grad():
                result = handler.run(*device, *values, **keywords)
        except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError) as error:
            raise InvalidModelError(_label(node), str(error)) from error
        results = list(result) if handler.many else [result]  # type: ignore[call-overload]  # of a kernel that gives many
        return self._keep_folded(node, results, given)

    def _keep_folded(
        self, node: onnx.NodeProto, results: Sequence[object], given: Sequence[_Known]
    ) -> bool:
        if not all(isinstance(each, Tensor) for each in results):
            return False
        tensors = [each for each in results if isinstance(each, Tensor)]
        before = sum(each.constant.numel() for each in given if each.constant is not None)
        if sum(each.numel() for each in tensors) > max(_MOST_FOLDED, 2 * before):
            return False
        is_weight = any(each.is_weight for each in given)
        for name, tensor in zip(node.output, tensors, strict=False):
            whole = tensor.untyped_storage().nbytes() == tensor.nbytes
            value = tensor.contiguous() if whole else tensor.clone()
            self._add_constant(name, value, is_weight=is_weight)
        return True

    def _add_host(
        self, node: onnx.NodeProto, keywords: Mapping[str, object],
        inputs: Sequence[_Known | None],
    ) -> bool:  # fmt: skip
        shape_rule = SHAPE_RULES.get(node.op_type)
        if shape_rule is not None and inputs[0] is not None:
            takes = [self._tensor_slot(inputs[0])]
            self._emit_host(node, shape_rule, keywords, takes, torch.int64)
            return True
        rule = HOST_RULES.get(node.op_type)
        if (
            rule is None
            or not inputs
            or not all(each is None or _is_host(each) for each in inputs)
        ):
            return False
        given = [each for each in inputs if each is not None]
        fixed = [_numbers_of(each) for each in inputs]
        ranks = [None if each is None else each.rank for each in inputs]
        rank = rule.rank(ranks, keywords, fixed)
        if rank is None or any(each.rank is None for each in given):
            return False
        takes = [ABSENT if each is None else self._host_slot(each) for each in inputs]
        cast = keywords.get("to")
        last = given[1 if node.op_type == "Where" else 0].dtype
        dtype = (
            torch.bool if rule.gives_bool else cast if isinstance(cast, torch.dtype) else last
        )
        self._emit_host(node, rule, keywords, takes, dtype)
        self._known[node.output[0]].rank = rank
        return True

    def _emit_host(
        self, node: onnx.NodeProto, rule: HostRule, keywords: Mapping[str, object],
        takes: Sequence[int], dtype: torch.dtype,
    ) -> None:  # fmt: skip
        slot = self._new_slot()
        self._emit(rule.run, takes, keywords, slot, _label(node))
        rank = 1 if node.op_type == "Shape" else 0
        self._known[node.output[0]] = _Known(node.output[0], host=slot, rank=rank, dtype=dtype)

    def _pack(
        self, node: onnx.NodeProto, handler: Handler, keywords: dict[str, object],
        inputs: list[_Known | None],
    ) -> tuple[onnx.NodeProto, list[_Known | None]]:  # fmt: skip
        wanted = {at: inputs[at] for at in handler.pack if at < len(inputs) and inputs[at]}
        constant = all(
            each is not None and each.constant is not None for each in wanted.values()
        )
        if not wanted or not constant or keywords.get("packed"):
            return node, inputs
        packed = onnx.NodeProto()
        packed.CopyFrom(node)
        packed.attribute.append(onnx.helper.make_attribute("packed", 1))
        keywords["packed"] = 1
        changed = list(inputs)
        for at, known in wanted.items():
            if known is not None and known.constant is not None:
                packed.input[at] = name = f"{known.name} of {_label(node)}"
                value = handler.pack[at](known.constant)
                changed[at] = self._add_constant(name, value, is_weight=known.is_weight)
        return packed, changed

    def _add_step(
        self, node: onnx.NodeProto, handler: Handler, keywords: Mapping[str, object],
        inputs: Sequence[_Known | None],
    ) -> None:  # fmt: skip
        numbers = [
            _numbers_of(each) if at in handler.host else None for at, each in enumerate(inputs)
        ]
        reason = handler.check(keywords, numbers) if handler.check else None
        if reason is not None:
            raise UnsupportedOperatorError(node.op_type, node.name, self._opset, reason)
        handler = _numeric(handler, inputs) or handler
        takes = [DEVICE] if takes_device(handler.run) else []
        for position, each in enumerate(inputs):
            if each is None:
                takes.append(ABSENT)
            else:
                at = self._host_slot if position in handler.host else self._tensor_slot
                takes.append(at(each))
        keywords = self._with_blocks(keywords, takes, 1 if takes_device(handler.run) else 0)
        gives = tuple(self._add_input(name) if name else ABSENT for name in node.output)
        self._emit(
            handler.run, takes, keywords, gives if handler.many else gives[0], _label(node)
        )

    def _with_blocks(
        self, keywords: Mapping[str, object], takes: list[int], skipped: int
    ) -> dict[str, object]:
        """Build the graphs among the attributes; what they capture is taken after the inputs."""
        ready = dict(keywords)
        for name, value in keywords.items():
            if isinstance(value, onnx.GraphProto):
                inner = Builder(value, self._opset, trainable=self._trainable, around=self)
                plan = inner._plan()
                first = len(takes) - skipped
                takes += [outer for outer, _ in inner._captures]
                pairs = tuple(
                    (first + at, slot) for at, (_, slot) in enumerate(inner._captures)
                )
                ready[name] = Subgraph(plan, pairs)
        return ready


def _numeric(handler: Handler, inputs: Sequence[_Known | None]) -> Handler | None:
    other = handler.numeric
    if other is None:
        return None
    read = [inputs[at] for at in other.host]
    known = all(
        each is not None and _is_host(each) and each.dtype is torch.int64 for each in read
    )
    return other if known else None


def _is_host(known: _Known) -> bool:
    return known.rank is not None and (known.host is not None or known.constant is not None)


def _numbers_of(known: _Known | None) -> Ints | None:
    if known is None or known.constant is None or known.rank is None:
        return None
    return read_numbers(known.constant)  # type: ignore[return-value]  # integers, by their rank


def _label(node: onnx.NodeProto) -> str:
    name = node.name or ", ".join(node.output)
    return f"{node.op_type} {name!r}"
