"""What each ONNX operator becomes in torch: one kernel per operator, in files by theme."""

from collections.abc import Mapping

from transcoder.conversion.operators import (
    _activation,
    _conv,
    _elementwise,
    _index,
    _matmul,
    _norm,
    _pool,
    _reduce,
    _rnn,
    _shape,
)
from transcoder.conversion.operators._handler import (
    Handler,
    Ints,
    Kernel,
    parameters_of,
    takes_device,
)

HANDLERS: Mapping[str, Handler] = {
    **_activation.HANDLERS,
    **_conv.HANDLERS,
    **_elementwise.HANDLERS,
    **_index.HANDLERS,
    **_matmul.HANDLERS,
    **_norm.HANDLERS,
    **_pool.HANDLERS,
    **_reduce.HANDLERS,
    **_rnn.HANDLERS,
    **_shape.HANDLERS,
}
"""All handlers of the default domain, by operator."""

__all__ = ["HANDLERS", "Handler", "Ints", "Kernel", "parameters_of", "takes_device"]
