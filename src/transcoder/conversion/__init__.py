"""ONNX networks as exact, differentiable torch modules."""

from transcoder.conversion._convert import supported_operators, to_torch
from transcoder.conversion._module import OnnxModule

__all__ = ["OnnxModule", "supported_operators", "to_torch"]
