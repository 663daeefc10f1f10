"""What each ONNX operator becomes in torch: one kernel per operator, in files by theme."""

from collections.abc import Mapping

from transcoder.conversion.operators import (
    _activation,
    _attention,
    _control,
    _conv,
    _elementwise,
    _grid,
    _index,
    _loss,
    _matmul,
    _norm,
    _optional,
    _pool,
    _quantize,
    _reduce,
    _resize,
    _rnn,
    _sequence,
    _shape,
)
from transcoder.conversion.operators._handler import (
    Block,
    Handler,
    Ints,
    Kernel,
    parameters_of,
    takes_device,
)

HANDLERS: Mapping[str, Handler] = {
    **_activation.HANDLERS,
    **_attention.HANDLERS,
    **_control.HANDLERS,
    **_conv.HANDLERS,
    **_elementwise.HANDLERS,
    **_grid.HANDLERS,
    **_index.HANDLERS,
    **_loss.HANDLERS,
    **_matmul.HANDLERS,
    **_norm.HANDLERS,
    **_optional.HANDLERS,
    **_pool.HANDLERS,
    **_quantize.HANDLERS,
    **_reduce.HANDLERS,
    **_resize.HANDLERS,
    **_rnn.HANDLERS,
    **_sequence.HANDLERS,
    **_shape.HANDLERS,
}
"""All handlers of the default domain, by operator."""

__all__ = ["HANDLERS", "Block", "Handler", "Ints", "Kernel", "parameters_of", "takes_device"]
