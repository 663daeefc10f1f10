"""Frozen networks in sequence, through which gradients flow."""

from transcoder.stack._pullback import Pullback
from transcoder.stack._stack import FrozenStack, build_stack

__all__ = ["FrozenStack", "Pullback", "build_stack"]
