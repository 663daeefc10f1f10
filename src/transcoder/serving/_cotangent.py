"""What is pulled back: one weight for each number at the end of a stretch."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from transcoder.errors import NoGradientError
from transcoder.vocabulary import Array, EdgePath, Spec, Tensors

Cotangent: TypeAlias = Tensors | Array
"""Weights of one value: by the tensor's name, or one array where there is one tensor."""


def read_cotangent(
    given: Cotangent | None, row: Tensors, spec: Spec, *, path: EdgePath
) -> dict[str, Array]:
    """Bring one value's cotangent to the tensors that it belongs to.

    Args:
        given: The weights; ones where it is None.
        row: What stands at the end, without batch axis.
        spec: What carries the end.
        path: The stretch, for people.

    Returns:
        An array for each floating tensor of the spec, of its dtype and shape.

    Raises:
        NoGradientError: If a tensor is missing, unknown, or has another shape.
    """
    names = tuple(tensor.name for tensor in spec.tensors if tensor.is_floating)
    if given is None:
        return {name: np.ones_like(row[name]) for name in names}
    found = _named(given, names, path)
    for name in names:
        if np.shape(found[name]) != row[name].shape:
            raise NoGradientError(
                str(path), f"the cotangent of {name!r} has the shape {np.shape(found[name])}",
                f"give one of the shape {row[name].shape}, which {path.target} has here",
            )  # fmt: skip
    return {name: np.asarray(found[name], dtype=row[name].dtype) for name in names}


def _named(given: Cotangent, names: Sequence[str], path: EdgePath) -> Tensors:
    wanted = ", ".join(map(repr, names))
    if isinstance(given, np.ndarray):
        if len(names) != 1:
            reason = f"one cotangent came for the tensors {wanted}"
            raise NoGradientError(str(path), reason, "give a mapping from their names")
        return {names[0]: given}
    if set(given) != set(names):
        found = ", ".join(map(repr, given)) or "no tensor"
        reason = f"the cotangent has {found}"
        raise NoGradientError(str(path), reason, f"give {wanted} of {path.target}")
    return given
