"""From the nodes of a graph to a plan: folds constants and keeps shapes in Python."""

from collections.abc import Callable, Mapping, Sequence
from typing import final

import onnx
import torch
from torch import Tensor

from transcoder.conversion._action import ABSENT, Step
from transcoder.conversion._attributes import keyword_values, tensor_of
from transcoder.conversion._host import (
    HOST_RULES,
    SHAPE_RULES,
    HostRule,
    host_rank,
    read_numbers,
    write_numbers,
)
from transcoder.conversion._known import (
    CONSTANT,
    Built,
    Constant,
    Known,
    is_host,
    numbers_of,
    numeric_handler,
)
from transcoder.conversion._plan import DEVICE, Plan, Subgraph, with_liveness
from transcoder.conversion.operators import HANDLERS, Handler, takes_device
from transcoder.errors import InvalidModelError, UnsupportedOperatorError

_CPU = torch.device("cpu")
_MOST_FOLDED = 1 << 16


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
        self.captures: list[tuple[int, int]] = []
        self._known: dict[str, Known] = {}
        self._steps: list[Step] = []
        self._size = 2
        self._constants: dict[str, Constant] = {}
        self._numbers: dict[int, object] = {}
        self._small: dict[str, Tensor] = {}
        self._nodes: list[onnx.NodeProto] = []

    def build(self) -> Built:
        """Build the plan of a whole network."""
        return Built(self.plan(), self._constants, self._nodes, self._small)

    def plan(self) -> Plan:
        """Go through all nodes."""
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
        gives = tuple(self.tensor_slot(self.find(value.name)) for value in self._graph.output)
        steps = with_liveness(self._steps, frozenset(gives))
        return Plan(steps, self._size, takes, gives, self._numbers)

    def _new_slot(self) -> int:
        self._size += 1
        return self._size - 1

    def _add_input(self, name: str) -> int:
        slot = self._new_slot()
        self._known[name] = Known(name, tensor=slot)
        return slot

    def _add_constant(self, name: str, value: Tensor | None, *, is_weight: bool) -> Known:
        if value is None:
            raise InvalidModelError(name, "torch has no type for this constant")
        weight = is_weight and value.is_floating_point() and value.dim() > 0
        known = Known(
            name, constant=value, rank=host_rank(value), dtype=value.dtype, is_weight=weight
        )
        self._known[name] = known
        return known

    def find(self, name: str) -> Known:
        """Find a value of this graph or of those around it."""
        if name not in self._known:
            if self._around is None:
                raise InvalidModelError(name, "nothing in the graph gives this value")
            self._known[name] = self._captured(name, self._around.find(name))
        return self._known[name]

    def _captured(self, name: str, outer: Known) -> Known:
        if outer.constant is not None:
            self.keep(name, outer.constant)
        return Known(
            name, constant=outer.constant, rank=outer.rank, dtype=outer.dtype,
            is_weight=outer.is_weight, outer=outer,
        )  # fmt: skip

    def keep(self, name: str, value: Tensor) -> None:
        """Remember a constant that only Python, or an inner graph, reads."""
        if self._around is None:
            self._small[name] = value
        else:
            self._around.keep(name, value)

    def adopt(self, known: Known) -> Known:
        """Take a constant of an inner graph, so that the whole network holds it."""
        name = known.name
        while name in self._known:
            name += "'"
        value = known.constant
        return self._add_constant(name, value, is_weight=known.is_weight)

    def tensor_slot(self, known: Known) -> int:
        """Find or make the slot that holds a value as a tensor."""
        if known.tensor is None:
            known.tensor = slot = self._new_slot()
            if known.outer is None and known.constant is not None and self._around is not None:
                known.outer = self._around.adopt(known)
            if known.outer is not None and self._around is not None:
                self.captures.append((self._around.tensor_slot(known.outer), slot))
            elif known.constant is not None:
                self._constants[known.name] = Constant(slot, known.constant, known.is_weight)
            else:
                keywords = {"dtype": known.dtype}
                self._emit(write_numbers, (DEVICE, known.host or 0), keywords, slot, known.name)
        return known.tensor

    def host_slot(self, known: Known) -> int:
        """Find or make the slot that holds a value as Python numbers."""
        if known.host is None:
            known.host = slot = self._new_slot()
            if known.constant is not None:
                self._numbers[slot] = read_numbers(known.constant)
                self.keep(known.name, known.constant)
            elif known.outer is not None and self._around is not None:
                self.captures.append((self._around.host_slot(known.outer), slot))
            else:
                self._emit(read_numbers, (self.tensor_slot(known),), {}, slot, known.name)
        return known.host

    def _emit(
        self, run: Callable[..., object], takes: Sequence[int], keywords: Mapping[str, object],
        gives: int | tuple[int, ...], label: str,
    ) -> None:  # fmt: skip
        self._steps.append(Step(run, tuple(takes), keywords, gives, (), label))

    def _add(self, node: onnx.NodeProto) -> None:
        handler = HANDLERS[node.op_type]
        keywords: dict[str, object] = dict(keyword_values(node, handler, self._opset))
        inputs = [self.find(name) if name else None for name in node.input]
        if self._fold(node, handler, keywords, inputs):
            return
        if not self._add_host(node, keywords, inputs):
            node, inputs = self._pack(node, handler, keywords, inputs)
            self._add_step(node, handler, keywords, inputs)
        self._nodes.append(node)

    def _fold(
        self, node: onnx.NodeProto, handler: Handler, keywords: Mapping[str, object],
        inputs: Sequence[Known | None],
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
        self, node: onnx.NodeProto, results: Sequence[object], given: Sequence[Known]
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
        inputs: Sequence[Known | None],
    ) -> bool:  # fmt: skip
        shape_rule = SHAPE_RULES.get(node.op_type)
        if shape_rule is not None and inputs[0] is not None:
            takes = [self.tensor_slot(inputs[0])]
            self._emit_host(node, shape_rule, keywords, takes, torch.int64)
            return True
        rule = HOST_RULES.get(node.op_type)
        if (
            rule is None
            or not inputs
            or not all(each is None or is_host(each) for each in inputs)
        ):
            return False
        given = [each for each in inputs if each is not None]
        fixed = [numbers_of(each) for each in inputs]
        ranks = [None if each is None else each.rank for each in inputs]
        rank = rule.rank(ranks, keywords, fixed)
        if rank is None or any(each.rank is None for each in given):
            return False
        takes = [ABSENT if each is None else self.host_slot(each) for each in inputs]
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
        self._known[node.output[0]] = Known(node.output[0], host=slot, rank=rank, dtype=dtype)

    def _pack(
        self, node: onnx.NodeProto, handler: Handler, keywords: dict[str, object],
        inputs: list[Known | None],
    ) -> tuple[onnx.NodeProto, list[Known | None]]:  # fmt: skip
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
        inputs: Sequence[Known | None],
    ) -> None:  # fmt: skip
        numbers = [
            numbers_of(each) if at in handler.host else None for at, each in enumerate(inputs)
        ]
        reason = handler.check(keywords, numbers) if handler.check else None
        if reason is not None:
            raise UnsupportedOperatorError(node.op_type, node.name, self._opset, reason)
        handler = numeric_handler(handler, inputs) or handler
        takes = [DEVICE] if takes_device(handler.run) else []
        for position, each in enumerate(inputs):
            if each is None:
                takes.append(ABSENT)
            else:
                at = self.host_slot if position in handler.host else self.tensor_slot
                takes.append(at(each))
        keywords = self._with_blocks(keywords, takes, 1 if takes_device(handler.run) else 0)
        gives = tuple(self._add_input(name) if name else ABSENT for name in node.output)
        self._emit(
            handler.run, takes, keywords, gives if handler.many else gives[0], _label(node)
        )

    def _with_blocks(
        self, keywords: Mapping[str, object], takes: list[int], skipped: int
    ) -> dict[str, object]:
        """Build the graphs among the attributes; what they capture follows the inputs."""
        ready = dict(keywords)
        for name, value in keywords.items():
            if isinstance(value, onnx.GraphProto):
                inner = Builder(value, self._opset, trainable=self._trainable, around=self)
                plan = inner.plan()
                first = len(takes) - skipped
                takes += [outer for outer, _ in inner.captures]
                slots = [slot for _, slot in inner.captures]
                ready[name] = Subgraph(plan, tuple(enumerate(slots, first)))
        return ready


def _label(node: onnx.NodeProto) -> str:
    name = node.name or ", ".join(node.output)
    return f"{node.op_type} {name!r}"
