"""Files that are there whole or not at all, and the folders that come with the package."""

from transcoder.files._shipped import shipped
from transcoder.files._whole import whole_file, write_whole

__all__ = ["shipped", "whole_file", "write_whole"]
