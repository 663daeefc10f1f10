"""ONNX networks as exact, differentiable torch modules."""

from transcoder.conversion._convert import supported_operators, to_torch
from transcoder.conversion._explain import (
    GradientFlow,
    GradientReport,
    Obstacle,
    Reach,
    explain_gradients,
)
from transcoder.conversion._module import OnnxModule

__all__ = [
    "GradientFlow",
    "GradientReport",
    "Obstacle",
    "OnnxModule",
    "Reach",
    "explain_gradients",
    "supported_operators",
    "to_torch",
]
