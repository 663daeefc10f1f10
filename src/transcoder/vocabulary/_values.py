"""What a value is in Python: content on one side, named arrays on the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.generic]
Tensors: TypeAlias = Mapping[str, Array]
"""Named arrays of a spec: of one row without its batch axis, or of many rows with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Sound in one channel.

    Attributes:
        samples: Amplitudes in [-1, 1], float32 (time,).
        rate_hz: Samples per second.
    """

    samples: NDArray[np.float32]
    rate_hz: int


Content: TypeAlias = str | int | Waveform | Array
"""A value of a content modality: text, a label, sound, or a bare array (images too)."""

Value: TypeAlias = Content | Tensors
"""One value of any modality."""
