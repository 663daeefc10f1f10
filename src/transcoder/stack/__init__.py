"""Frozen networks in sequence, through which gradients flow."""

from transcoder.stack._stack import FrozenStack, build_stack

__all__ = ["FrozenStack", "build_stack"]
