"""Who lies near whom: cosines of many rows to many others, a block at a time."""

from transcoder.neighbours._cosines import Units, cosine_blocks, unit_rows
from transcoder.neighbours._csls import NEIGHBOURS, mean_nearest, mutual_nearest

__all__ = [
    "NEIGHBOURS",
    "Units",
    "cosine_blocks",
    "mean_nearest",
    "mutual_nearest",
    "unit_rows",
]
