"""The command line: one file per verb."""

from transcoder.cli._app import main

__all__ = ["main"]
