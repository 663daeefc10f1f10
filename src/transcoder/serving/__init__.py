"""Paths for applications: values in, values out, and gradients back."""

from transcoder.serving._converter import Converter, ServingSettings
from transcoder.serving._cotangent import Cotangent
from transcoder.serving._files import fitted, read_tensors, read_value, write_value
from transcoder.serving._row_sinks import RowSink, create_rows
from transcoder.serving._row_sources import RowSource, Stretch, open_rows

__all__ = [
    "Converter",
    "Cotangent",
    "RowSink",
    "RowSource",
    "ServingSettings",
    "Stretch",
    "create_rows",
    "fitted",
    "open_rows",
    "read_tensors",
    "read_value",
    "write_value",
]
