"""One way to turn facts into a digest."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias

JsonValue: TypeAlias = (
    str | int | float | bool | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)


def canonical_json(value: JsonValue) -> str:
    """Write a value in the one form that equal values share.

    >>> canonical_json({"b": 1, "a": [None, 0.5]})
    '{"a":[null,0.5],"b":1}'
    """
    return _ENCODER.encode(value)


def digest_of(value: JsonValue) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of a value."""
    return sha256(canonical_json(value).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
)
