"""What is registered: nouns and files, changed by transactions and never half."""

from transcoder.registry._nouns import (
    Action,
    Change,
    Commit,
    Kind,
    Noun,
    NounId,
    PastCommit,
    SeenAtStart,
    Swept,
    id_of,
)
from transcoder.registry._registry import Registry
from transcoder.registry._staging import Removable
from transcoder.registry._transaction import Transaction

__all__ = [
    "Action",
    "Change",
    "Commit",
    "Kind",
    "Noun",
    "NounId",
    "PastCommit",
    "Registry",
    "Removable",
    "SeenAtStart",
    "Swept",
    "Transaction",
    "id_of",
]
