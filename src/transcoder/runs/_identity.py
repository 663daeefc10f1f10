"""What makes two runs the same run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import Enum
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import cast

from transcoder.recipe import RunConfig
from transcoder.runs._plan import TrainingPlan
from transcoder.vocabulary import Catalog, JsonValue, Segment, digest_of

_PACKAGES = ("lightning", "numpy", "onnx", "onnxruntime", "torch", "transcoder")
_FORMAT = 1


def choices_of(config: RunConfig) -> Mapping[str, JsonValue]:
    """All that a run was asked and that its result depends on; not where it is kept."""
    plain = asdict(config)
    for place in ("registry", "old", "new", "old_more", "new_more"):
        plain.pop(place)
    plain["data"].pop("oracle_processes")
    begin = Path(plain.pop("ckpt"))
    if begin.is_file():
        plain["ckpt"] = sha256(begin.read_bytes()).hexdigest()
    return cast("Mapping[str, JsonValue]", json.loads(json.dumps(plain, default=_plain)))


def package_versions() -> Mapping[str, str]:
    """Versions of the packages that can change a number."""
    return {name: version(name) for name in _PACKAGES}


def run_identity(config: RunConfig, plan: TrainingPlan, fingerprints: Sequence[str]) -> str:
    """Digest of choices, frozen networks and oracles, data and packages.

    Args:
        config: What was asked.
        plan: Knows the frozen things.
        fingerprints: Of the content of each dataset.
    """
    return digest_of(
        [
            _FORMAT,
            choices_of(config),
            list(plan.digests),
            list(fingerprints),
            package_versions(),
            [str(plan.source_spec), str(plan.target_spec)],
        ]
    )


def find_versions(catalog: Catalog, identity: str) -> Iterator[Segment]:
    """All versions that a run has registered, oldest first."""
    for versions in catalog.segments.values():
        yield from (each for each in versions if each.lineage.get("run") == identity)


def _plain(value: object) -> JsonValue:
    if isinstance(value, Enum):
        return str(value.value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)
