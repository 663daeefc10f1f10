"""From a cotangent at the end of a stack back to its beginning, in arrays."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, final

import numpy as np
import torch
from torch import Tensor

from transcoder.errors import ConversionError, NoGradientError
from transcoder.sessions import mask_axis
from transcoder.stack._stack import build_stack
from transcoder.vocabulary import Array, Catalog, EdgePath, Spec, Tensors

Pull: TypeAlias = Callable[[Tensors], dict[str, Array]]
"""From a cotangent of each floating tensor at the end to the gradients at the beginning."""

_MASK = "mask"


@final
class Pullback:
    """Runs segments forward and keeps what the way back needs.

    Between segments padding is set to zero, as where values are converted without gradients.

    Args:
        path: Segments only, at least one.
        read_blob: Finds the ONNX bytes of a digest.
        catalog: Knows the specs of the path's modalities.
    """

    def __init__(
        self, path: EdgePath, read_blob: Callable[[str], bytes], catalog: Catalog
    ) -> None:
        self._path = path
        self._stack = build_stack(path, read_blob, catalog)
        self._specs = tuple(catalog.spec(each) for each in path.modalities)

    def run(self, batch: Tensors) -> tuple[dict[str, Array], Pull]:
        """Run forward.

        Args:
            batch: The tensors of the source's spec, batch axis first.

        Returns:
            The tensors of the target's spec, and what pulls one cotangent back; it can be
            called once.

        Raises:
            ConversionError: If a segment refuses what it is given, or gives another number of
                rows than it was given.
        """
        given = {name: _tensor(batch[name]) for name in self._specs[0].names}
        floats = _floating(self._specs[0], given)
        for each in floats.values():
            each.requires_grad_()
        now = given
        for at, (edge, spec) in enumerate(zip(self._path.edges, self._specs[1:], strict=True)):
            now = _cleared(self._stack.step(at, now), spec)
            _check(str(edge), now, spec, len(batch[self._specs[0].names[0]]))
        ends = _floating(self._specs[-1], now)

        def pull(cotangent: Tensors) -> dict[str, Array]:
            return self._pulled(floats, ends, cotangent)

        return {name: now[name].detach().numpy() for name in self._specs[-1].names}, pull

    def _pulled(
        self, floats: Mapping[str, Tensor], ends: Mapping[str, Tensor], cotangent: Tensors
    ) -> dict[str, Array]:
        reached = {name: each for name, each in ends.items() if each.requires_grad}
        if not reached:
            reason = "an operator without a derivative lies between its ends"
            remedy = "transcoder.conversion.explain_gradients(file) says where"
            raise NoGradientError(str(self._path), reason, remedy)
        found = torch.autograd.grad(
            list(reached.values()),
            list(floats.values()),
            [_tensor(cotangent[name]) for name in reached],
            allow_unused=True,
            materialize_grads=True,
        )
        return {name: each.numpy() for name, each in zip(floats, found, strict=True)}


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.require(array, requirements=("C", "W")))


def _floating(spec: Spec, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {each.name: tensors[each.name] for each in spec.tensors if each.is_floating}


def _check(edge: str, tensors: Mapping[str, Tensor], spec: Spec, rows: int) -> None:
    for tensor in spec.tensors:
        shape = tuple(tensors[tensor.name].shape)
        if len(shape) != len(tensor.axes) or shape[0] != rows:
            reason = f"it gave {shape} for {rows} rows of {str(tensor)!r}"
            raise ConversionError(edge, None, reason)


def _cleared(tensors: dict[str, Tensor], spec: Spec) -> dict[str, Tensor]:
    """Set what `mask` calls padding to zero; gradients do not flow into it."""
    masked = mask_axis(spec)
    if masked is None or bool(tensors[_MASK].all()):
        return tensors
    mask = tensors[_MASK]
    places = torch.arange(1, mask.shape[1] + 1)
    padding = places > torch.where(mask, places, 0).amax(1, keepdim=True)
    cleared = dict(tensors)
    for tensor in spec.tensors:
        value = cleared[tensor.name]
        for position, axis in enumerate(tensor.axes):
            if axis == masked:
                shape = [1] * value.dim()
                shape[0], shape[position] = padding.shape
                cleared[tensor.name] = value = value.masked_fill(padding.reshape(shape), 0)
    return cleared
