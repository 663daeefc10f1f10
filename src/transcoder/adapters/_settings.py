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


@dataclass(frozen=True, slots=True)
class AttentionSettings:
    """Queries that look at a sequence: pooled to a vector, resampled, or unfolded from one.

    Attributes:
        width: Of queries, keys and values together; a multiple of twice the heads.
        heads: How many attend side by side.
        depth: How many blocks stand one after the other.
        dropout: Share of hidden numbers that training sets to zero.
    """

    width: int = 128
    heads: int = 4
    depth: int = 1
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class BiLstmSettings:
    """A closed form for each position, plus what an LSTM reads in both directions.

    Attributes:
        hidden: Size of each direction's state.
    """

    hidden: int = 128


AdapterSettings: TypeAlias = (
    LinearSettings
    | LowRankSettings
    | MlpSettings
    | ResidualSettings
    | AttentionSettings
    | BiLstmSettings
)
"""Which core, and what is chosen about it."""
