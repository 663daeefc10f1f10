"""Images from their compressed bytes.

See https://onnx.ai/onnx/operators/onnx__ImageDecoder.html.
"""

import io
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler

_PLANES = 3


def decode_image(value: Tensor, *, pixel_format: str = "RGB") -> Tensor:
    """Decode an image: https://onnx.ai/onnx/operators/onnx__ImageDecoder.html.

    Args:
        value: The bytes of a file.
        pixel_format: What the last axis of the result (height, width, channel) holds.
    """
    try:
        from PIL import Image
    except ImportError as error:
        message = "decoding images needs pillow, which is not installed"
        raise RuntimeError(message) from error
    with Image.open(io.BytesIO(bytes(value.cpu().numpy()))) as image:
        pixels = np.array(image.convert("L" if pixel_format == "Grayscale" else "RGB"))
    if pixels.ndim < _PLANES:
        pixels = pixels[:, :, None]
    if pixel_format == "BGR":
        pixels = pixels[:, :, ::-1].copy()
    return torch.from_numpy(pixels).to(value.device)


HANDLERS: Mapping[str, Handler] = {"ImageDecoder": Handler(decode_image)}
