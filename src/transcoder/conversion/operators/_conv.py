"""Convolutions.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Mapping, Sequence
from itertools import chain

from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler, handlers

_CONVOLVE = (functional.conv1d, functional.conv2d, functional.conv3d)
_UNCONVOLVE = (
    functional.conv_transpose1d,
    functional.conv_transpose2d,
    functional.conv_transpose3d,
)


def same_pads(
    lengths: Sequence[int], kernel: Sequence[int], strides: Sequence[int],
    dilations: Sequence[int], *, upper: bool,
) -> tuple[int, ...]:  # fmt: skip
    """Find the borders that keep ceil(length / stride) places on each axis.

    Returns:
        All borders before, then all after, as in ONNX.
    """
    before, after = [], []
    for length, size, stride, dilation in zip(lengths, kernel, strides, dilations, strict=True):
        reach = (size - 1) * dilation + 1
        border = max((-(-length // stride) - 1) * stride + reach - length, 0)
        small, large = border // 2, border - border // 2
        before.append(small if upper else large)
        after.append(large if upper else small)
    return (*before, *after)


def borders(pads: Sequence[int]) -> list[int]:
    """Turn borders of ONNX, first axis first, into those of torch, last axis first."""
    half = len(pads) // 2
    pairs = zip(reversed(pads[:half]), reversed(pads[half:]), strict=True)
    return list(chain.from_iterable(pairs))


def convolve(
    value: Tensor, weight: Tensor, bias: Tensor | None = None, *, auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None, group: int = 1,
    kernel_shape: tuple[int, ...] | None = None, pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Convolve: https://onnx.ai/onnx/operators/onnx__Conv.html."""
    del kernel_shape
    axes = weight.dim() - 2
    step, spread = strides or (1,) * axes, dilations or (1,) * axes
    around = pads or (0,) * (2 * axes)
    if auto_pad == "VALID":
        around = (0,) * (2 * axes)
    elif auto_pad.startswith("SAME"):
        around = same_pads(
            value.shape[2:], weight.shape[2:], step, spread, upper=auto_pad == "SAME_UPPER"
        )
    before = around[:axes]
    if before != around[axes:]:
        value, before = functional.pad(value, borders(around)), (0,) * axes
    return _CONVOLVE[axes - 1](value, weight, bias, step, before, spread, group)


def unconvolve(
    value: Tensor, weight: Tensor, bias: Tensor | None = None, *, auto_pad: str = "NOTSET",
    dilations: tuple[int, ...] | None = None, group: int = 1,
    kernel_shape: tuple[int, ...] | None = None, output_padding: tuple[int, ...] | None = None,
    output_shape: tuple[int, ...] | None = None, pads: tuple[int, ...] | None = None,
    strides: tuple[int, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Spread out: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html."""
    del kernel_shape
    axes = weight.dim() - 2
    step, spread = strides or (1,) * axes, dilations or (1,) * axes
    extra = output_padding or (0,) * axes
    run = _UNCONVOLVE[axes - 1]
    around = pads or (0,) * (2 * axes)
    if output_shape is not None or auto_pad.startswith("SAME"):
        wanted = output_shape or tuple(
            length * stride for length, stride in zip(value.shape[2:], step, strict=True)
        )
        full = _full_lengths(value.shape[2:], weight.shape[2:], step, spread)
        around = _pads_for(full, wanted[-axes:], extra, upper=auto_pad == "SAME_UPPER")
    before, after = around[:axes], around[axes:]
    if before == after and all(
        more < max(stride, far) for more, stride, far in zip(extra, step, spread, strict=True)
    ):
        return run(value, weight, bias, step, before, extra, group, spread)
    whole = run(value, weight, None, step, 0, 0, group, spread)
    edges = [-each for each in before] + [
        more - less for more, less in zip(extra, after, strict=True)
    ]
    cropped = functional.pad(whole, borders(edges))
    return cropped if bias is None else cropped + bias.reshape(-1, *(1,) * axes)


def _full_lengths(
    lengths: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> tuple[int, ...]:
    return tuple(
        (length - 1) * stride + (size - 1) * dilation + 1
        for length, size, stride, dilation in zip(
            lengths, kernel, strides, dilations, strict=True
        )
    )


def _pads_for(
    full: Sequence[int], wanted: Sequence[int], extra: Sequence[int], *, upper: bool
) -> tuple[int, ...]:
    before, after = [], []
    for have, want, more in zip(full, wanted, extra, strict=True):
        border = have + more - want
        small, large = border // 2, border - border // 2
        before.append(small if upper else large)
        after.append(large if upper else small)
    return (*before, *after)


HANDLERS: Mapping[str, Handler] = handlers({"Conv": convolve, "ConvTranspose": unconvolve})
