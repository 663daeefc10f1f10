"""What rearranges, joins, cuts, repeats or makes tensors.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler, handlers


def shape(value: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    """Read the axes: https://onnx.ai/onnx/operators/onnx__Shape.html."""
    return torch.tensor(tuple(value.shape)[start:end], dtype=torch.int64)


def size(value: Tensor) -> Tensor:
    """Count the elements: https://onnx.ai/onnx/operators/onnx__Size.html."""
    return torch.tensor(value.numel(), dtype=torch.int64)


def reshape(value: Tensor, wanted: tuple[int, ...], *, allowzero: int = 0) -> Tensor:
    """Lay out anew: https://onnx.ai/onnx/operators/onnx__Reshape.html."""
    if not allowzero and 0 in wanted:
        wanted = tuple(value.shape[at] if each == 0 else each for at, each in enumerate(wanted))
    return value.reshape(wanted)


def flatten(value: Tensor, *, axis: int = 1) -> Tensor:
    """Make a matrix: https://onnx.ai/onnx/operators/onnx__Flatten.html."""
    at = axis + value.dim() if axis < 0 else axis
    return value.reshape(math.prod(value.shape[:at]), math.prod(value.shape[at:]))


def squeeze(value: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    """Drop axes of length one: https://onnx.ai/onnx/operators/onnx__Squeeze.html."""
    if axes is None:
        return value.squeeze()
    if any(value.shape[each] != 1 for each in axes):
        message = f"axes {axes} of {tuple(value.shape)} are not all of length 1"
        raise ValueError(message)
    return value.squeeze(axes)


def unsqueeze(value: Tensor, axes: tuple[int, ...] | int) -> Tensor:
    """Add axes of length one: https://onnx.ai/onnx/operators/onnx__Unsqueeze.html."""
    wanted = (axes,) if isinstance(axes, int) else axes
    if len(wanted) == 1:
        return value.unsqueeze(wanted[0])
    rank = value.dim() + len(wanted)
    for each in sorted(each % rank for each in wanted):
        value = value.unsqueeze(each)
    return value


def transpose(value: Tensor, *, perm: tuple[int, ...] | None = None) -> Tensor:
    """Reorder axes: https://onnx.ai/onnx/operators/onnx__Transpose.html."""
    return value.permute(tuple(reversed(range(value.dim()))) if perm is None else perm)


def concat(*values: Tensor, axis: int) -> Tensor:
    """Join along an axis: https://onnx.ai/onnx/operators/onnx__Concat.html."""
    return torch.cat(values, axis)


def split(
    value: Tensor, lengths: tuple[int, ...] | None = None,
    *, axis: int = 0, num_outputs: int | None = None, outputs: int,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Cut along an axis: https://onnx.ai/onnx/operators/onnx__Split.html."""
    if lengths is not None:
        return torch.split(value, list(lengths), axis)
    count, length = num_outputs or outputs, value.shape[axis]
    part = -(-length // count)
    starts = (min(each * part, length) for each in range(count))
    return tuple(value.narrow(axis, at, min(part, length - at)) for at in starts)


def cut_slice(
    value: Tensor, starts: tuple[int, ...], ends: tuple[int, ...],
    axes: tuple[int, ...] | None = None, steps: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Take a range of each axis: https://onnx.ai/onnx/operators/onnx__Slice.html."""
    whole: list[slice] = [slice(None)] * value.dim()
    for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
        axis = at if axes is None else axes[at]
        step = 1 if steps is None else steps[at]
        if step > 0:
            whole[axis] = slice(start, end, step)
        else:
            value = _reversed(value, axis, slice(start, end, step))
    return value[tuple(whole)]


def _reversed(value: Tensor, axis: int, wanted: slice) -> Tensor:
    length = value.shape[axis]
    end = None if wanted.stop < -length else wanted.stop
    places = list(range(length))[slice(wanted.start, end, wanted.step)]
    return value.index_select(
        axis, torch.tensor(places, dtype=torch.int64, device=value.device)
    )


def expand(value: Tensor, wanted: tuple[int, ...]) -> Tensor:
    """Broadcast: https://onnx.ai/onnx/operators/onnx__Expand.html."""
    rank = max(value.dim(), len(wanted))
    mine = (1,) * (rank - value.dim()) + tuple(value.shape)
    other = (1,) * (rank - len(wanted)) + tuple(wanted)
    return value.expand(
        [second if first == 1 else first for first, second in zip(mine, other, strict=True)]
    )


def tile(value: Tensor, repeats: tuple[int, ...]) -> Tensor:
    """Repeat: https://onnx.ai/onnx/operators/onnx__Tile.html."""
    return value.repeat(repeats) if repeats else value


def pad(
    value: Tensor, pads: tuple[int, ...], fill: Tensor | None = None,
    axes: tuple[int, ...] | None = None, *, mode: str = "constant",
) -> Tensor:  # fmt: skip
    """Add borders: https://onnx.ai/onnx/operators/onnx__Pad.html."""
    where = tuple(range(value.dim())) if axes is None else axes
    borders = {
        axis % value.dim(): (pads[at], pads[at + len(where)]) for at, axis in enumerate(where)
    }
    if mode == "constant":
        return _pad_constant(value, borders, fill)
    for axis, (before, after) in borders.items():
        if before or after:
            value = value.index_select(axis, _mirrored(value, axis, before, after, mode))
    return value


def _pad_constant(
    value: Tensor, borders: Mapping[int, tuple[int, int]], fill: Tensor | None
) -> Tensor:
    flat = [each for axis in reversed(range(value.dim())) for each in borders.get(axis, (0, 0))]
    if fill is None:
        return functional.pad(value, flat)
    inside = functional.pad(torch.ones_like(value, dtype=torch.bool), flat)
    return torch.where(inside, functional.pad(value, flat), fill.reshape(()))


def _mirrored(value: Tensor, axis: int, before: int, after: int, mode: str) -> Tensor:
    length = value.shape[axis]
    places = torch.arange(-before, length + after, device=value.device)
    if mode == "edge":
        return places.clamp(0, length - 1)
    if mode == "wrap":
        return places.remainder(length)
    if mode != "reflect":
        message = f"padding mode {mode!r} is unknown"
        raise ValueError(message)
    period = max(2 * (length - 1), 1)
    back = places.remainder(period)
    return torch.minimum(back, period - back) if length > 1 else torch.zeros_like(places)


def constant_of_shape(
    device: torch.device,
    wanted: tuple[int, ...],
    *,
    value: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Fill a new tensor: https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html."""
    if value is None:
        return torch.zeros(wanted, dtype=dtype, device=device)
    return value.to(device).reshape(()).expand(wanted).contiguous()


def constant(
    device: torch.device, *, value: Tensor | None = None, value_float: float | None = None,
    value_floats: tuple[float, ...] | None = None, value_int: int | None = None,
    value_ints: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Give a constant: https://onnx.ai/onnx/operators/onnx__Constant.html."""
    if value is not None:
        return value.to(device)
    reals = value_float if value_floats is None else value_floats
    if reals is not None:
        return torch.tensor(reals, dtype=torch.float32, device=device)
    whole = value_int if value_ints is None else value_ints
    return torch.tensor(whole, dtype=torch.int64, device=device)


def count(start: Tensor, limit: Tensor, delta: Tensor, *, stash_type: object = None) -> Tensor:
    """Count in steps: https://onnx.ai/onnx/operators/onnx__Range.html."""
    del stash_type
    first, last, step = start.item(), limit.item(), delta.item()
    if not start.is_floating_point():
        return torch.arange(first, last, step, dtype=start.dtype, device=start.device)
    places = torch.arange(max(math.ceil((last - first) / step), 0), device=start.device)
    return start + places.to(start.dtype) * delta


def count_numbers(
    device: torch.device, start: int, limit: int, delta: int, *, stash_type: object = None
) -> Tensor:
    """Count in steps between numbers that Python knows, as `count`."""
    del stash_type
    return torch.arange(start, limit, delta, dtype=torch.int64, device=device)


def eye_like(value: Tensor, *, dtype: torch.dtype | None = None, k: int = 0) -> Tensor:
    """Put ones on a diagonal: https://onnx.ai/onnx/operators/onnx__EyeLike.html."""
    ones = torch.ones(value.shape, dtype=torch.bool, device=value.device)
    return (ones.tril(k) & ones.triu(k)).to(dtype or value.dtype)


def trilu(value: Tensor, k: int | tuple[int, ...] | None = None, *, upper: int = 1) -> Tensor:
    """Keep a triangle: https://onnx.ai/onnx/operators/onnx__Trilu.html."""
    diagonal = k[0] if isinstance(k, tuple) else (k or 0)
    return value.triu(diagonal) if upper else value.tril(diagonal)


def depth_to_space(value: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Unfold channels: https://onnx.ai/onnx/operators/onnx__DepthToSpace.html."""
    batch, channels, height, width = value.shape
    rest = channels // blocksize**2
    if mode == "DCR":
        blocks = value.reshape(batch, blocksize, blocksize, rest, height, width)
        placed = blocks.permute(0, 3, 4, 1, 5, 2)
    else:
        blocks = value.reshape(batch, rest, blocksize, blocksize, height, width)
        placed = blocks.permute(0, 1, 4, 2, 5, 3)
    return placed.reshape(batch, rest, height * blocksize, width * blocksize)


def space_to_depth(value: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Fold into channels: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html."""
    batch, channels, height, width = value.shape
    tall, wide = height // blocksize, width // blocksize
    blocks = value.reshape(batch, channels, tall, blocksize, wide, blocksize)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return blocks.permute(order).reshape(batch, channels * blocksize**2, tall, wide)


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "Concat": concat,
        "Constant": constant,
        "DepthToSpace": depth_to_space,
        "EyeLike": eye_like,
        "Flatten": flatten,
        "Shape": shape,
        "Size": size,
        "SpaceToDepth": space_to_depth,
        "Transpose": transpose,
    }
) | {
    "ConstantOfShape": Handler(constant_of_shape, host=(0,)),
    "Expand": Handler(expand, host=(1,)),
    "Pad": Handler(pad, host=(1, 3)),
    "Range": Handler(count, numeric=Handler(count_numbers, host=(0, 1, 2))),
    "Reshape": Handler(reshape, host=(1,)),
    "Slice": Handler(cut_slice, host=(1, 2, 3, 4)),
    "Split": Handler(split, host=(1,), many=True),
    "Squeeze": Handler(squeeze, host=(1,)),
    "Tile": Handler(tile, host=(1,)),
    "Trilu": Handler(trilu, host=(1,)),
    "Unsqueeze": Handler(unsqueeze, host=(1,)),
}
