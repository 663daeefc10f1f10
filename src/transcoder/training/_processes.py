"""Which of the processes that share the batches of one fit this is."""

from lightning.pytorch.utilities import rank_zero_only


def is_first_process() -> bool:
    """Whether this process judges and registers; the others leave after the fit."""
    return not getattr(rank_zero_only, "rank", 0)
