"""Trained adapters as ONNX files that compute the same."""

from transcoder.export._adapter import Exported, export_adapter
from transcoder.export._affine import export_affine

__all__ = ["Exported", "export_adapter", "export_affine"]
