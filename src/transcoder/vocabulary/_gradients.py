"""What flows back along a path."""

from dataclasses import dataclass

from transcoder.vocabulary._modality import Modality
from transcoder.vocabulary._values import Tensors, Value


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """The vector-Jacobian product over a differentiable stretch of a path, for one value.

    Attributes:
        value: What the value became at the end of the whole path.
        source: Where the stretch begins.
        target: Where the stretch ends.
        gradients: For each floating tensor of the source's spec, in its shape, without batch
            axis: how the sum of what stands at the target, weighted by the cotangent, changes.
        cotangent: The weights, for each floating tensor of the target's spec, in its shape.
    """

    value: Value
    source: Modality
    target: Modality
    gradients: Tensors
    cotangent: Tensors
