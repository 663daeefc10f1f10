"""One run, from a recipe to a registered transcoder, or to a hub of several."""

from transcoder.runs._train import train

__all__ = ["train"]
