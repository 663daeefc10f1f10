"""A fit in a process of its own, or in several that share the batches; prints its losses."""

import json
import os
import sys
from pathlib import Path

from tests.training.tiny_fit import tiny_fit
from transcoder.adapters import ResidualSettings
from transcoder.training import FitSettings

if __name__ == "__main__":
    devices = int(sys.argv[2])
    settings = FitSettings(2, accelerator="cpu", devices=devices, checkpoint_steps=2)
    fitted = tiny_fit(
        Path(sys.argv[1]), adapter=ResidualSettings(hidden=8, depth=1), settings=settings
    )
    if os.environ.get("LOCAL_RANK", "0") == "0":
        sys.stdout.write(json.dumps([epoch["validation/loss"] for epoch in fitted.history]))
