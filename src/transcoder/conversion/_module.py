"""The torch module that runs a plan."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import chain
from typing import Self, final

import onnx
import torch
from torch import Tensor, nn
from typing_extensions import override

from transcoder.conversion._attributes import proto_of
from transcoder.conversion._builder import Builder
from transcoder.conversion._known import CONSTANT, Built, Constant
from transcoder.conversion._plan import DEVICE
from transcoder.conversion._rewrite import rewritten
from transcoder.conversion._static import divided
from transcoder.errors import ConversionError

_MOST_KEPT = 16
"""Shapes of inputs for which values are kept."""

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@final
class OnnxModule(nn.Module):
    """An ONNX network as a differentiable torch module, made by `to_torch`.

    It computes what the file says, never what training would: `train()` changes nothing. It
    may be moved, cast, deep-copied, compiled and saved like any module.

    Attributes:
        input_names: What the graph takes, in order.
        output_names: What the graph gives, in order.
    """

    def __init__(self, skeleton: onnx.ModelProto, built: Built, *, trainable: bool) -> None:
        super().__init__()
        given = {tensor.name for tensor in skeleton.graph.initializer}
        self.input_names = tuple(
            each.name for each in skeleton.graph.input if each.name not in given
        )
        self.output_names = tuple(each.name for each in skeleton.graph.output)
        self._skeleton = _stripped(skeleton, built)
        self._trainable = trainable
        plan = rewritten(built.plan, built.constants, trainable=trainable)
        self._original = self._plan = plan
        self._changes = {each.slot: each.is_weight for each in built.constants.values()}
        self._division = divided(plan, self._changes)
        self._kept: dict[Hashable, tuple[object, ...]] = {}
        self._floats = {dtype: dtype for dtype in _FLOATS}
        self.weights = nn.Module()
        self._places = tuple(
            (constant.slot, _register(self.weights, name, constant, trainable=trainable), name)
            for name, constant in built.constants.items()
        )
        self._learnable = tuple(each.is_weight for each in built.constants.values())
        self.training = self.weights.training = False

    @override
    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Run the network.

        Args:
            inputs: One tensor for each of `input_names`.

        Returns:
            The output, or a tuple where `output_names` has several.

        Raises:
            ConversionError: If the number of inputs is another, or an operator refuses them.
        """
        plan = self._plan
        if len(inputs) != len(plan.takes):
            wanted = ", ".join(self.input_names)
            reason = f"it takes {len(plan.takes)} tensors ({wanted}), {len(inputs)} came"
            raise ConversionError("the network", None, reason)
        slots = plan.slots(self._device_of(inputs), inputs)
        parameters, buffers = self.weights._parameters, self.weights._buffers  # noqa: SLF001  # the fast way to them
        for slot, place, _ in self._places:
            slots[slot] = parameters[place] if place in parameters else buffers[place]
        outputs = self._run(slots, inputs)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)  # type: ignore[return-value, arg-type]  # outputs are tensors

    def _run(self, slots: list[object], inputs: Sequence[Tensor]) -> list[object]:
        """Run all steps, but for what follows from the inputs' shapes and was kept for them."""
        if _may_not_keep(inputs):
            return self._plan.run(slots)
        key = (slots[DEVICE], *[each.shape for each in inputs])
        kept = self._kept.get(key)
        if kept is not None:
            for slot, value in zip(self._division.kept, kept, strict=True):
                slots[slot] = value
            return self._division.again.run(slots)
        outputs = self._division.first.run(slots)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = tuple(slots[slot] for slot in self._division.kept)
        return outputs

    @override
    def train(self, mode: bool = True) -> Self:  # torch's own signature
        """Stay as the file says, whatever the mode."""
        del mode
        return self

    def to_onnx(self) -> bytes:
        """Write the folded network with its present weights.

        The bytes are for `OnnxModule.from_onnx`; other readers may not know its operators.
        """
        model = onnx.ModelProto()
        model.ParseFromString(self._skeleton)
        state = self.weights.state_dict(keep_vars=True)
        for (_, place, name), is_weight in zip(self._places, self._learnable, strict=True):
            tensor = proto_of(name, state[place])
            tensor.doc_string = "" if is_weight else CONSTANT
            model.graph.initializer.append(tensor)
        return bytes(model.SerializeToString())

    @classmethod
    def from_onnx(
        cls, content: bytes, *, trainable: bool = False,
        floats: Mapping[torch.dtype, torch.dtype] | None = None,
    ) -> "OnnxModule":  # fmt: skip
        """Read what `to_onnx` wrote.

        Args:
            content: The bytes.
            trainable: Whether weights get gradients.
            floats: What became of the file's floating types by casting the module.
        """
        model = onnx.ModelProto()
        model.ParseFromString(content)
        opset = model.opset_import[0].version
        built = Builder(model.graph, opset, trainable=trainable).build()
        module = cls(model, built, trainable=trainable)
        module._cast(dict(floats or {}))
        for weight in module.weights.parameters():
            weight.data = weight.data.to(module._floats.get(weight.dtype, weight.dtype))
        return module

    @override
    def __reduce__(self) -> tuple[Callable[..., "OnnxModule"], tuple[object, ...]]:
        device = str(self._device())
        return _restore, (self.to_onnx(), self._trainable, self._floats, device)

    def __deepcopy__(self, memo: dict[int, object]) -> "OnnxModule":
        return _restore(self.to_onnx(), self._trainable, self._floats, str(self._device()))

    @override
    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> Self:  # torch's own signature
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # torch is not typed here
        probes = {dtype: fn(torch.empty(0, dtype=dtype)).dtype for dtype in _FLOATS}
        self._cast({first: probes[now] for first, now in self._floats.items()})
        return self

    def _cast(self, floats: Mapping[torch.dtype, torch.dtype]) -> None:
        self._floats = self._floats | dict(floats)
        self._plan = self._original.with_floats(self._floats)
        self._division = divided(self._plan, self._changes)
        self._kept = {}

    def _device_of(self, inputs: Sequence[object]) -> torch.device:
        given = (each for each in inputs if isinstance(each, Tensor))
        first = next(given, None)
        return self._device() if first is None else first.device

    def _device(self) -> torch.device:
        tensors = chain(self.weights.parameters(), self.weights.buffers())
        first = next(tensors, None)
        return torch.device("cpu") if first is None else first.device


def _may_not_keep(inputs: Sequence[object]) -> bool:
    """Whether values may be stand-ins, or not usable later, as when a tracer looks on."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]  # torch is not typed here
        or torch._C._functorch.peek_interpreter_stack() is not None  # noqa: SLF001  # it has no other face
        or torch.is_inference_mode_enabled()
        or torch.is_autocast_enabled()
        or torch.is_autocast_enabled("cpu")
        or any(type(each) is not Tensor for each in inputs)
    )


def _restore(
    content: bytes, trainable: bool, floats: Mapping[torch.dtype, torch.dtype], device: str  # noqa: FBT001  # positional in a reduction
) -> OnnxModule:  # fmt: skip
    module = OnnxModule.from_onnx(content, trainable=trainable, floats=floats)
    return module.to(device)


def _register(weights: nn.Module, name: str, constant: Constant, *, trainable: bool) -> str:
    place = re.sub(r"\W", "_", name) or "_"
    while hasattr(weights, place):
        place += "_"
    if constant.value.is_floating_point():
        learns = trainable and constant.is_weight
        weights.register_parameter(place, nn.Parameter(constant.value, requires_grad=learns))
    else:
        weights.register_buffer(place, constant.value)
    return place


def _stripped(model: onnx.ModelProto, built: Built) -> bytes:
    rest = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    rest.graph.name = model.graph.name
    given = {tensor.name for tensor in model.graph.initializer}
    rest.graph.input.extend(each for each in model.graph.input if each.name not in given)
    rest.graph.output.extend(model.graph.output)
    rest.graph.node.extend(built.nodes)
    rest.graph.initializer.extend(
        proto_of(name, value)
        for name, value in built.small.items()
        if name not in built.constants
    )
    return bytes(rest.SerializeToString())
