"""Write an ONNX file where a user asks for it."""

from pathlib import Path

from transcoder.errors import StorageError


def write_onnx(onnx: bytes, path: Path) -> None:
    """Write a file aside, then rename it.

    Raises:
        StorageError: If it cannot be written.
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.write_bytes(onnx)
        aside.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(str(path), reason, "choose another place for the output") from error
