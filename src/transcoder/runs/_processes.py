"""Which of the processes that share the batches of one fit this is."""

import os

_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")
"""Variables by which launchers number processes; Lightning looks at the same ones."""


def is_first_process() -> bool:
    """Whether this process tells, judges and registers; the others leave after the fit."""
    return next((os.environ[name] for name in _RANKS if name in os.environ), "0") == "0"
