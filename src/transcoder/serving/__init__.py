"""Paths for applications: values in, values out."""

from transcoder.serving._converter import Converter
from transcoder.serving._files import read_value, write_value

__all__ = ["Converter", "read_value", "write_value"]
