"""Files that are there whole or not at all."""

from transcoder.files._whole import whole_file, write_whole

__all__ = ["whole_file", "write_whole"]
