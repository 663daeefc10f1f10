"""Which rows are learnt from, which choose, and which only report."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Split(StrEnum):
    """The three uses that a row can have; a row has exactly one."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class SplitShares:
    """How much of the groups goes to validation and to test; the rest trains.

    Attributes:
        test: Share of groups that only report, in [0, 1).
        validation: Share of groups that choose, in [0, 1).
        salt: Text mixed into every digest, so that two datasets can split differently.
    """

    test: float = 0.12
    validation: float = 0.08
    salt: str = ""


def split_of(group: str, shares: SplitShares) -> Split:
    """Place one group, by nothing but its name, so that adding rows moves no other row.

    The first eight bytes of SHA-256 over salt and name give a number in [0, 1): the lowest
    share is test, the next validation.

    >>> split_of("zero", SplitShares()) is split_of("zero", SplitShares())
    True
    """
    digest = sha256(f"{shares.salt}\0{group}".encode()).digest()
    position = int.from_bytes(digest[:8]) / 2**64
    if position < shares.test:
        return Split.TEST
    if position < shares.test + shares.validation:
        return Split.VALIDATION
    return Split.TRAIN
