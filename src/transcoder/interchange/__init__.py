"""ONNX files as files: what a file takes and gives, and whether that fits the specs.

Nothing here loads `onnx` before a file is read; those who only compare nouns stay light.
"""

from transcoder.interchange._fit import UNKNOWN_AXIS, check_segment
from transcoder.interchange._signature import read_signature

__all__ = ["UNKNOWN_AXIS", "check_segment", "read_signature"]
