"""World files: modalities, oracles, datasets and models declared together in YAML."""

from transcoder.world._nouns import SegmentFile
from transcoder.world._world import World, read_world

__all__ = ["SegmentFile", "World", "read_world"]
