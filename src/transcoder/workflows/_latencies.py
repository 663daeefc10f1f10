"""How long each segment takes for one row: measured when it is registered, or on demand.

What is measured at registration is a score of the version, as `latency_ms`. A version never
changes and may be copied to another machine, so what is measured on demand is kept beside the
registry, by the digest of the file, and counts before that score.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from filelock import FileLock

from transcoder.errors import StorageError, TranscoderError, UnknownNameError
from transcoder.files import write_whole
from transcoder.interchange import check_segment
from transcoder.sessions import SessionPool
from transcoder.vocabulary import (
    Array,
    Catalog,
    Modality,
    ModalityEntry,
    Score,
    Segment,
    SegmentKey,
    Spec,
    TensorSpec,
)

_FILE = "latencies.json"
_SCORE = "latency_ms"
_STEPS = 16
_WARM_UPS, _LEAST_RUNS, _LEAST_S = 2, 5, 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of measuring one segment.

    Attributes:
        segment: What was run.
        latency_ms: Of one row on one core, the median; None where it could not be run.
        reason: Why not; empty where it could.
    """

    segment: Segment
    latency_ms: float | None
    reason: str = ""


def read_latencies(root: Path) -> Mapping[str, float]:
    """Find what was measured, in milliseconds by digest.

    Raises:
        StorageError: If the file was damaged.
    """
    path = root / _FILE
    if not path.exists():
        return {}
    try:
        return {str(key): float(value) for key, value in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        remedy = "delete it and run: transcoder measure"
        raise StorageError(str(path), f"it is no list of latencies: {error}", remedy) from error


def latencies_stamp(root: Path) -> int:
    """Give a number that changes when something is measured; 0 where nothing was."""
    try:
        return (root / _FILE).stat().st_mtime_ns
    except OSError:
        return 0


def with_latencies(catalog: Catalog, latencies: Mapping[str, float]) -> Catalog:
    """Give every segment that was measured its latency as a score, for the planner."""
    if not latencies:
        return catalog
    segments = {
        key: tuple(_with_latency(each, latencies) for each in versions)
        for key, versions in catalog.segments.items()
    }
    return replace(catalog, segments=segments)


def _with_latency(segment: Segment, latencies: Mapping[str, float]) -> Segment:
    known = latencies.get(segment.digest or "")
    if known is None:
        return segment
    others = (each for each in segment.scores if each.name != _SCORE)
    return replace(segment, scores=(*others, Score(_SCORE, known, 1)))


def measured_segment(catalog: Catalog, segment: Segment, onnx: bytes) -> Segment:
    """Measure a segment that is about to be registered, unless this version is there already.

    Nor is one measured that the commit will refuse; it tells all that is wrong.

    Args:
        catalog: Knows the specs of its ends.
        segment: Which, with its signature.
        onnx: Its file.

    Raises:
        ConversionError: If it cannot be run.
        InvalidModelError: If ONNX Runtime refuses the file.
    """
    source, target = (_maybe_entry(catalog, end) for end in (segment.source, segment.target))
    if not (source and source.spec and target and target.spec and segment.signature):
        return segment
    key = SegmentKey(segment.name, source.modality, target.modality)
    digest, specs = sha256(onnx).hexdigest(), (source.spec, target.spec)
    is_known = any(each.digest == digest for each in catalog.segments.get(key, ()))
    if is_known or check_segment(segment.name, segment.signature, *specs, segment.names):
        return segment
    score = measured_score(segment, onnx, specs)
    return replace(segment, scores=(*segment.scores, score))


def _maybe_entry(catalog: Catalog, modality: Modality) -> ModalityEntry | None:
    try:
        return catalog.entry(modality)
    except UnknownNameError:
        return None


def measured_score(segment: Segment, onnx: bytes, specs: tuple[Spec, Spec]) -> Score:
    """Measure a segment that is about to be registered, as `measure_latencies` does.

    Args:
        segment: Which.
        onnx: Its file.
        specs: What carries its source and its target.

    Returns:
        `latency_ms`: the median for one row on one core, in milliseconds.

    Raises:
        ConversionError: If it cannot be run.
        InvalidModelError: If ONNX Runtime refuses the file.
    """
    filed = replace(segment, digest=sha256(onnx).hexdigest())
    with closing(SessionPool(lambda _: onnx, threads=1)) as pool:
        return Score(_SCORE, _measured_ms(filed, specs, pool), 1)


def find_unmeasured(
    catalog: Catalog, models: Collection[str], latencies: Mapping[str, float] | None
) -> list[Segment]:
    """Find the current segments with a file that were not measured yet.

    Args:
        catalog: What is registered.
        models: Their ids; all if there are none.
        latencies: What was measured, by digest; None to find those too that were.

    Raises:
        UnknownNameError: If there is no such model.
    """
    known = {key.model for key in catalog.segments}
    for model in models:
        if model not in known:
            raise UnknownNameError("model", model, known)
    return [
        each
        for each in catalog.find_current()
        if each.digest is not None
        and (latencies is None or not _is_measured(each, latencies))
        and (not models or each.name in models)
    ]


def _is_measured(segment: Segment, latencies: Mapping[str, float]) -> bool:
    return segment.digest in latencies or segment.maybe_score(_SCORE) is not None


def measure_latencies(
    catalog: Catalog,
    segments: Collection[Segment],
    *,
    read_blob: Callable[[str], bytes],
    root: Path,
) -> Iterator[Measured]:
    """Run segments on one drawn row each, on one core, and keep how long they took.

    Named axes are 16 long; numbers are normal, whole numbers 0, masks true.

    Args:
        catalog: Knows the specs.
        segments: What to run.
        read_blob: Gives the ONNX file of a digest.
        root: The folder of the registry.

    Yields:
        As many results, in order; each is kept before the next is measured.
    """
    for segment in segments:
        pool = SessionPool(read_blob, threads=1)
        try:
            specs = catalog.spec(segment.source), catalog.spec(segment.target)
            found = Measured(segment, _measured_ms(segment, specs, pool))
        except TranscoderError as error:
            found = Measured(segment, None, str(error))
        finally:
            pool.close()
        if found.latency_ms is not None:
            _keep(root, str(segment.digest), found.latency_ms)
        yield found


def _measured_ms(segment: Segment, specs: tuple[Spec, Spec], pool: SessionPool) -> float:
    source, target = specs
    batch = {each.name: _drawn(each) for each in source.tensors}
    times: list[float] = []
    started = perf_counter()
    while len(times) < _WARM_UPS + _LEAST_RUNS or perf_counter() - started < _LEAST_S:
        start = perf_counter()
        pool.run(segment, batch, source, target)
        times.append((perf_counter() - start) * 1e3)
    return median(times[_WARM_UPS:])


def _drawn(tensor: TensorSpec) -> Array:
    shape = (1, *(axis if isinstance(axis, int) else _STEPS for axis in tensor.axes[1:]))
    if tensor.dtype == "string":
        return np.full(shape, "a", dtype=object)
    if tensor.is_floating:
        drawn: Array = np.random.default_rng(0).standard_normal(shape).astype(tensor.dtype)
        return drawn
    return np.full(shape, tensor.dtype == "bool", dtype=tensor.dtype)


def _keep(root: Path, digest: str, latency_ms: float) -> None:
    with FileLock(root / f".{_FILE}.lock"):
        known = {**read_latencies(root), digest: latency_ms}
        write_whole(root / _FILE, json.dumps(known, indent=1, sort_keys=True).encode())
