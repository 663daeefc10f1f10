"""Losses.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from transcoder.conversion.operators._handler import Handler, handlers

_NEVER = -(1 << 62)


def negative_log_likelihood(
    value: Tensor, target: Tensor, weight: Tensor | None = None,
    *, ignore_index: int | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Score logarithms of shares: https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html."""
    ignored = _NEVER if ignore_index is None else ignore_index
    places = target.to(torch.int64)
    return functional.nll_loss(
        value.contiguous(), places, weight, ignore_index=ignored, reduction=reduction
    )


def softmax_cross_entropy(
    value: Tensor, target: Tensor, weight: Tensor | None = None,
    *, ignore_index: int | None = None, reduction: str = "mean",
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Score logits: https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html."""
    shares = torch.log_softmax(value, 1)
    loss = negative_log_likelihood(
        shares, target, weight, ignore_index=ignore_index, reduction=reduction
    )
    return loss, shares


HANDLERS: Mapping[str, Handler] = handlers(
    {"NegativeLogLikelihoodLoss": negative_log_likelihood}
) | {"SoftmaxCrossEntropyLoss": Handler(softmax_cross_entropy, many=True)}
