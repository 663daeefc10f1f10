"""Sampling at places that another tensor gives.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler, handlers

_MODES = {
    "linear": "bilinear",
    "bilinear": "bilinear",
    "cubic": "bicubic",
    "nearest": "nearest",
}


def grid_sample(
    value: Tensor, grid: Tensor,
    *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros",
) -> Tensor:  # fmt: skip
    """Sample at a grid: https://onnx.ai/onnx/operators/onnx__GridSample.html."""
    return functional.grid_sample(
        value, grid, mode=_MODES[mode], padding_mode=padding_mode,
        align_corners=bool(align_corners),
    )  # fmt: skip


HANDLERS: Mapping[str, Handler] = handlers({"GridSample": grid_sample})
