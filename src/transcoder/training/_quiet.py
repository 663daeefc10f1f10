"""Lightning says only what is worth knowing here."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("lightning.pytorch", "lightning.fabric")

_EXPECTED = (
    # A run that goes on writes into the folder that it wrote into before.
    r"Checkpoint directory .* exists and is not empty",
    # Frozen nets are in eval mode on purpose.
    r"Found \d+ module\(s\) in eval mode at the start of training",
    # Lightning asks torch in a way that torch has outgrown.
    r".*isinstance\(treespec, LeafSpec\)",
    # Rows are read from memory-mapped arrays, which needs no workers.
    r"The '.*_dataloader' does not have many workers",
    # Lightning's own use of torch, which only Lightning can change.
    r".*isinstance.treespec, LeafSpec.. is deprecated",
)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep hints, advertisements and expected warnings from the terminal."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for message in _EXPECTED:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
