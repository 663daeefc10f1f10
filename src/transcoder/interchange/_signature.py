"""What an ONNX file takes and gives, without loading `onnx` until it is asked."""

from transcoder.vocabulary import Signature


def read_signature(onnx_bytes: bytes, name: str) -> Signature:
    """Check a serialized model and read what its graph takes and gives.

    The file must be whole, name its operator set and carry its weights inside. Shapes are
    inferred where the file leaves an axis of an output open; an axis that stays unknown is
    called `UNKNOWN_AXIS`, and so is one that the file calls -1, 0 or None.

    Args:
        onnx_bytes: The serialized model.
        name: What an error calls it.

    Returns:
        Inputs without initializers, outputs, operator set and sizes.

    Raises:
        InvalidModelError: If the bytes are no such model.
    """
    from transcoder.interchange._onnx_file import signature_of  # late, for it loads onnx

    return signature_of(onnx_bytes, name)
