"""Use cases: the only place where the parts are put together."""

from transcoder.workflows._apply import apply_world
from transcoder.workflows._describe import (
    describe_catalog,
    describe_edge,
    describe_opportunity,
    describe_path,
    describe_score,
    describe_segment,
)
from transcoder.workflows._middleware import ALLOWED, Middleware
from transcoder.workflows._train import train

__all__ = [
    "ALLOWED",
    "Middleware",
    "apply_world",
    "describe_catalog",
    "describe_edge",
    "describe_opportunity",
    "describe_path",
    "describe_score",
    "describe_segment",
    "train",
]
