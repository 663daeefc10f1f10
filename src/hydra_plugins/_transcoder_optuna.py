"""Hydra makes plugins from here only; for `_` it leaves this file alone in other programs."""

from transcoder.recipe import OptunaSweeper

__all__ = ["OptunaSweeper"]
