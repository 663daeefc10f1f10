"""Linear models and support vector machines of classical machine learning.

Each operator's page is https://onnx.ai/onnx/operators/onnx_aionnxml_NAME.html. Of two labels
with one score, ONNX does not say what the score of the first is: it is what ONNX Runtime gives.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcoder.conversion.operators._handler import Handler
from transcoder.conversion.operators._ml_features import DOMAIN

Labels = Tensor | NDArray[np.object_]

TRANSFORMS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "NONE": lambda scores: scores,
    "LOGISTIC": torch.sigmoid,
    "SOFTMAX": lambda scores: torch.softmax(scores, -1),
}
"""What scores become, by the name that `post_transform` gives it."""


def chosen(
    places: Tensor, integers: tuple[int, ...] | None, texts: tuple[str, ...] | None
) -> Labels:
    """Give the label at each place, (row), as integers or as text."""
    if texts:
        return np.array([texts[place] for place in places.tolist()], dtype=object)
    if integers:
        return torch.tensor(integers, device=places.device)[places]
    return places


def classify_linearly(
    value: Tensor, *, coefficients: tuple[float, ...],
    classlabels_ints: tuple[int, ...] | None = None,
    classlabels_strings: tuple[str, ...] | None = None, intercepts: tuple[float, ...] = (),
    multi_class: int = 0, post_transform: str = "NONE",
) -> tuple[Labels, Tensor]:  # fmt: skip
    """Weigh features for each class: https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html."""
    del multi_class
    real = value if value.is_floating_point() else value.to(torch.float32)
    real = real.reshape(1, -1) if real.dim() == 1 else real
    weight = real.new_tensor(coefficients).reshape(-1, real.shape[-1])
    scores = real @ weight.T
    scores = scores + real.new_tensor(intercepts) if intercepts else scores
    labels = classlabels_strings or classlabels_ints or ()
    if scores.shape[1] == 1 and len(labels) == 2:  # noqa: PLR2004  # the score of the second of two
        places, transformed = (scores[:, 0] > 0).long(), of_two(scores, post_transform)
    else:
        places, transformed = scores.argmax(1), TRANSFORMS[post_transform](scores)
    return chosen(places, classlabels_ints, classlabels_strings), transformed


def of_two(score: Tensor, transform: str, *, is_share: bool = True) -> Tensor:
    """Give the scores of two labels, (row, 2), from that of the second, (row, 1).

    Args:
        score: Of the second label.
        transform: What is asked for; only LOGISTIC changes anything here.
        is_share: Whether both add up to one rather than to zero.
    """
    if transform == "LOGISTIC":
        return torch.sigmoid(torch.cat([-score, score], 1))
    return torch.cat([1 - score if is_share else -score, score], 1)


def _similarity(
    value: Tensor, supports: Tensor, kind: str, parameters: tuple[float, ...]
) -> Tensor:
    gamma, coefficient, degree = parameters or (0.0, 0.0, 0.0)
    if kind == "RBF":
        return torch.exp(-gamma * (value[:, None] - supports).square().sum(-1))
    products = value @ supports.T
    if kind == "LINEAR":
        return products
    moved = gamma * products + coefficient
    return moved**degree if kind == "POLY" else torch.tanh(moved)


def regress_by_supports(
    value: Tensor, *, coefficients: tuple[float, ...], kernel_params: tuple[float, ...] = (),
    kernel_type: str = "LINEAR", n_supports: int = 0, one_class: int = 0,
    post_transform: str = "NONE", rho: tuple[float, ...] = (0.0,),
    support_vectors: tuple[float, ...] = (),
) -> Tensor:  # fmt: skip
    """Compare with supports: https://onnx.ai/onnx/operators/onnx_aionnxml_SVMRegressor.html."""
    real = value if value.is_floating_point() else value.to(torch.float32)
    real = real.reshape(1, -1) if real.dim() == 1 else real
    weights = real.new_tensor(coefficients)
    if n_supports:
        supports = real.new_tensor(support_vectors).reshape(n_supports, -1)
        sums = _similarity(real, supports, kernel_type, kernel_params) @ weights
    else:
        sums = real @ weights
    result = (sums + rho[0]).reshape(-1, 1)
    if one_class:
        result = torch.where(result > 0, 1.0, -1.0).to(real.dtype)
    return TRANSFORMS[post_transform](result)


def say_transform(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    """Say which way of turning scores into another has no meaning here."""
    del numbers
    given = keywords.get("post_transform", "NONE")
    if given in TRANSFORMS:
        return None
    return f"its post_transform {given!r} has no torch meaning here"


HANDLERS: Mapping[str, Handler] = {
    "LinearClassifier": Handler(
        classify_linearly, many=True, check=say_transform, domain=DOMAIN
    ),
    "SVMRegressor": Handler(regress_by_supports, check=say_transform, domain=DOMAIN),
}
