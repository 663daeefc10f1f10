"""A closed form as an ONNX file."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import override

from transcoder.errors import AdapterMismatchError
from transcoder.export._adapter import Exported, export_adapter
from transcoder.vocabulary import Spec, TensorSpec


class _AffineModule(nn.Module):
    def __init__(self, weight: Tensor, bias: Tensor, source: str, target: str) -> None:
        super().__init__()
        self._source, self._target = source, target
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    @override
    def forward(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {self._target: tensors[self._source] @ self.weight + self.bias}


def export_affine(
    weight: NDArray[np.floating], bias: NDArray[np.floating], source: Spec, target: Spec
) -> Exported:
    """Export `x @ weight + bias` over the last axis.

    Args:
        weight: (source dim, target dim).
        bias: (target dim,).
        source: One floating tensor whose last axis is the source dim.
        target: One floating tensor whose last axis is the target dim.

    Raises:
        AdapterMismatchError: If the specs are not of that form.
        ExportMismatchError: If the file does not compute the same.
    """
    given, wanted = source.tensors[0], target.tensors[0]
    widths = (given.axes[-1], wanted.axes[-1])
    if len(source.tensors) > 1 or len(target.tensors) > 1 or widths != weight.shape:
        reason = f"its weight is {weight.shape[0]} by {weight.shape[1]}"
        raise AdapterMismatchError("affine", str(source), str(target), reason)
    dtype: torch.dtype = getattr(torch, given.dtype)
    module = _AffineModule(
        torch.from_numpy(np.array(weight)).to(dtype),
        torch.from_numpy(np.array(bias)).to(dtype),
        given.name,
        wanted.name,
    )
    return export_adapter(module, source, target, example=_example(given))


def _example(given: TensorSpec) -> dict[str, NDArray[np.generic]]:
    shape = tuple(axis if isinstance(axis, int) else 3 for axis in given.axes)
    values = np.random.default_rng(0).standard_normal(shape)
    return {given.name: values.astype(given.dtype)}
