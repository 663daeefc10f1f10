"""The frozen nouns that every other layer shares."""

from transcoder.vocabulary._split import Split, SplitShares, split_of
from transcoder.vocabulary._values import Array, Content, Tensors, Value, Waveform

__all__ = [
    "Array",
    "Content",
    "Split",
    "SplitShares",
    "Tensors",
    "Value",
    "Waveform",
    "split_of",
]
