"""What can be chosen about a trainable core."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class LinearSettings:
    """One affine map, trained from the closed form on."""


@dataclass(frozen=True, slots=True)
class LowRankSettings:
    """An affine map through few directions, trained from the closed form's liveliest on.

    Attributes:
        rank: How many directions; no more than both ends have.
    """

    rank: int = 16


@dataclass(frozen=True, slots=True)
class MlpSettings:
    """A plain net of its own, which knows no closed form.

    Attributes:
        hidden: Width of each hidden layer.
        depth: How many hidden layers.
        dropout: Share of hidden numbers that training sets to zero.
        noise: Deviation of what training adds to the standardised source.
    """

    hidden: int = 512
    depth: int = 2
    dropout: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class ResidualSettings:
    """The closed form plus a net that gives zero at the start.

    Attributes:
        hidden: Width of each hidden layer.
        depth: How many hidden layers.
        dropout: Share of hidden numbers that training sets to zero.
        noise: Deviation of what training adds to the standardised source.
        train_start: Whether the closed form itself is trained on.
    """

    hidden: int = 1024
    depth: int = 2
    dropout: float = 0.0
    noise: float = 0.0
    train_start: bool = True


AdapterSettings: TypeAlias = LinearSettings | LowRankSettings | MlpSettings | ResidualSettings
"""Which core, and what is chosen about it."""
