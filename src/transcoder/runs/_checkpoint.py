"""Where a fit begins."""

from pathlib import Path

from transcoder.errors import CheckpointError


def maybe_checkpoint(asked: str) -> Path | None:
    """Find the checkpoint to begin with, where a run asks for one.

    Raises:
        CheckpointError: If there is no such file.
    """
    if asked in {"last", "none"}:
        return None
    if not Path(asked).is_file():
        raise CheckpointError(asked, "there is no such file")
    return Path(asked)
