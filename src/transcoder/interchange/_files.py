"""ONNX files with their weights beside them, as one string of bytes."""

from pathlib import Path

from transcoder.errors import StorageError


def read_model(path: Path) -> bytes:
    """Read an ONNX file; weights that it keeps in files beside it are taken in.

    Such a file must lie in the folder of the model or below it, links followed, and hold as
    many bytes as the model says.

    Args:
        path: Of the ONNX file.

    Raises:
        StorageError: If the file cannot be read.
        InvalidModelError: If it is no model, or its weights lie elsewhere or do not fit.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(str(path), reason, "name an ONNX file that can be read") from error
    from transcoder.interchange._external import with_weights_inside  # late, it loads onnx

    return with_weights_inside(data, path)
