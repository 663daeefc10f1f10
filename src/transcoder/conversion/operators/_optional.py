"""Values that may be absent, which are None.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler, handlers


def has_element(device: torch.device, value: object = None) -> Tensor:
    """Whether there is one: https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html."""
    return torch.tensor(value is not None, device=device)


def element(value: object) -> object:
    """Take it: https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html."""
    if value is None:
        message = "there is no value to take"
        raise ValueError(message)
    return value


def optional(value: object = None, *, type: object = None) -> object:  # noqa: A002  # named as in ONNX
    """Give a value or none: https://onnx.ai/onnx/operators/onnx__Optional.html."""
    del type
    return value


HANDLERS: Mapping[str, Handler] = handlers(
    {"Optional": optional, "OptionalGetElement": element, "OptionalHasElement": has_element}
)
