"""Ordinary nets, each with inputs of any batch and length."""

from collections.abc import Mapping

from nets._net import Net
from nets._pretrained import NETS as _PRETRAINED
from nets._sequences import NETS as _SEQUENCES
from nets._vision import NETS as _VISION

NETS: Mapping[str, Net] = {net.name: net for net in (*_VISION, *_SEQUENCES, *_PRETRAINED)}

__all__ = ["NETS", "Net"]
