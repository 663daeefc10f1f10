"""The torch module that runs a plan."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Self, final

import onnx
import torch
from torch import Tensor, nn
from typing_extensions import override

from transcoder.conversion._attributes import proto_of
from transcoder.conversion._builder import Builder
from transcoder.conversion._known import CONSTANT, Built, Constant
from transcoder.errors import ConversionError

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
        self._original = self._plan = built.plan
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
        outputs = plan.run(slots)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)  # type: ignore[return-value, arg-type]  # outputs are tensors

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

    def _device_of(self, inputs: Sequence[object]) -> torch.device:
        given = (each for each in inputs if isinstance(each, Tensor))
        first = next(given, None)
        return self._device() if first is None else first.device

    def _device(self) -> torch.device:
        tensors = chain(self.weights.parameters(), self.weights.buffers())
        first = next(tensors, None)
        return torch.device("cpu") if first is None else first.device


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
