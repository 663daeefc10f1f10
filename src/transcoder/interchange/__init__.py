"""ONNX files as files: what they take and give, whether that fits, and where they come apart.

Nothing here loads `onnx` before a file is read; those who only compare nouns stay light.
"""

from transcoder.interchange._cut_nouns import (
    UNKNOWN_DTYPE,
    Cut,
    CutReport,
    FromInput,
    Halves,
    Notion,
    ShapeLeak,
    Strict,
    ToOutput,
)
from transcoder.interchange._cutting import cut, expose, find_cuts, splice, with_ends
from transcoder.interchange._files import read_model, vetted
from transcoder.interchange._fit import UNKNOWN_AXIS, check_segment
from transcoder.interchange._metadata import read_metadata, with_metadata
from transcoder.interchange._signature import read_signature

__all__ = [
    "UNKNOWN_AXIS",
    "UNKNOWN_DTYPE",
    "Cut",
    "CutReport",
    "FromInput",
    "Halves",
    "Notion",
    "ShapeLeak",
    "Strict",
    "ToOutput",
    "check_segment",
    "cut",
    "expose",
    "find_cuts",
    "read_metadata",
    "read_model",
    "read_signature",
    "splice",
    "vetted",
    "with_ends",
    "with_metadata",
]
