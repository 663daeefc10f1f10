"""ONNX files with their weights beside them, as one string of bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

from transcoder.errors import StorageError

if TYPE_CHECKING:
    import onnx


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


def vetted(model: "bytes | onnx.ModelProto", name: str = "") -> "onnx.ModelProto":
    """Read bytes that may be anything, or look over a model that was read elsewhere.

    Ensures: what comes back may be shown to onnx's own passes; a model stays as it is.

    Args:
        model: A file's bytes, or the model read from them.
        name: What an error calls it; its graph's name by default.

    Raises:
        InvalidModelError: If it holds no graph, leans on other files, contradicts itself about
            sizes, or would unfold without end.
    """
    from transcoder.interchange._parsing import decode, refuse_harmful  # late, as above

    read = decode(model, name or "the network") if isinstance(model, bytes) else model
    refuse_harmful(read, name or read.graph.name)
    return read
