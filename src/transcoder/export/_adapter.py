"""From a trained module to an ONNX file."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from typing_extensions import override

from transcoder.export._names import GraphNames, graph_names
from transcoder.export._tidy import tidy
from transcoder.export._verify import at_two_sizes, verify
from transcoder.vocabulary import Array, Spec, Tensors, TensorSpec

OPSET = 20
"""Of the files; what readers of some age still know."""

IR_VERSION = 10
"""Likewise."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An adapter as a file.

    Attributes:
        onnx: The bytes of the file.
        names: From spec names to graph names, where they differ, for `Segment.names`.
    """

    onnx: bytes
    names: Mapping[str, str]


class _Positional(nn.Module):
    """A module over named tensors, as one over tensors in order."""

    def __init__(self, module: nn.Module, source: Spec, target: Spec) -> None:
        super().__init__()
        self.module = module
        self._source, self._target = source.names, target.names

    @override
    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        given = self.module(dict(zip(self._source, tensors, strict=True)))
        return tuple(given[name] for name in self._target)


def export_adapter(
    module: nn.Module, source: Spec, target: Spec, *, example: Tensors
) -> Exported:
    """Export a module over named tensors, and check the file against it.

    Equal weights give equal bytes.

    Args:
        module: From the tensors of the source's spec to those of the target's, by name; its
            mode and device are as before afterwards.
        source: What it takes.
        target: What it gives.
        example: A batch of the source's spec with which to check.

    Returns:
        The file and how its names differ from the specs'.

    Raises:
        ExportMismatchError: If ONNX Runtime and torch differ by more than 1e-5, relative to
            the largest number of an output.
    """
    names = graph_names(source, target)
    training = [each for each in module.modules() if each.training]
    wrapped = _Positional(module, source, target).eval()
    try:
        arrays = {
            graph: np.asarray(example[name])
            for graph, name in zip(names.inputs, source.names, strict=True)
        }
        content = tidy(_export(wrapped, source, arrays, names), names, source, target)
        verify(
            content,
            _on_device(wrapped),
            at_two_sizes(arrays, [each.axes for each in source.tensors]),
        )
    finally:
        for each in training:
            each.training = True
    return Exported(content, names.names)


def _export(
    module: nn.Module, source: Spec, arrays: Tensors, names: GraphNames
) -> onnx.ModelProto:
    tensors = [
        torch.from_numpy(np.ascontiguousarray(_lengthened(array, spec)))
        for array, spec in zip(arrays.values(), source.tensors, strict=True)
    ]
    shapes = [
        {at: axis for at, axis in enumerate(tensor.axes) if isinstance(axis, str)}
        for tensor in source.tensors
    ]
    with _silence():
        program = torch.onnx.export(
            module, tuple(each.to(_device_of(module)) for each in tensors), dynamo=True,
            opset_version=OPSET, input_names=list(names.inputs),
            output_names=list(names.outputs), dynamic_shapes=(tuple(shapes),), verbose=False,
        )  # fmt: skip
    if program is None:
        message = "torch.onnx.export(dynamo=True) gave no program"
        raise RuntimeError(message)
    return program.model_proto


def _lengthened(array: Array, spec: TensorSpec) -> Array:
    """Repeat an open axis of length one, which the exporter would take for fixed."""
    open_axes = [
        2 if isinstance(axis, str) and length == 1 else 1
        for axis, length in zip(spec.axes, array.shape, strict=True)
    ]
    return np.tile(array, open_axes)


@contextmanager
def _silence() -> Iterator[None]:
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with (
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _device_of(module: nn.Module) -> torch.device:
    first = next(module.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def _on_device(module: nn.Module) -> Callable[[Sequence[Tensor]], Sequence[Tensor]]:
    device = _device_of(module)

    def run(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        outputs: Sequence[Tensor] = module(*(each.to(device) for each in tensors))
        return [each.cpu() for each in outputs]

    return run
