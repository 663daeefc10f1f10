"""Paths for applications: values in, values out, and gradients back."""

from transcoder.serving._converter import Converter
from transcoder.serving._cotangent import Cotangent
from transcoder.serving._files import read_tensors, read_value, write_value

__all__ = ["Converter", "Cotangent", "read_tensors", "read_value", "write_value"]
