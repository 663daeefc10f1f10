"""Who lies near whom: cosines of many rows to many others, a block at a time."""

from transcoder.neighbours._cosines import Units, cosine_blocks, unit_rows
from transcoder.neighbours._csls import mean_nearest

__all__ = ["Units", "cosine_blocks", "mean_nearest", "unit_rows"]
