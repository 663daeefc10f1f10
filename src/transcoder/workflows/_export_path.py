"""A path as one ONNX file that computes the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from typing import final

import numpy as np

from transcoder.errors import PathExportError, TranscoderError
from transcoder.sessions import OraclePool, Runner, SessionPool, mask_axis, split_rows
from transcoder.vocabulary import (
    Array,
    Catalog,
    EdgePath,
    Oracle,
    Segment,
    Signature,
    Spec,
    TensorSpec,
    Value,
)
from transcoder.workflows._chain import Stretch, chain, stretch_of

_TOLERANCE = 1e-4
_LENGTHS = (8, 4, 2, 1, 3, 5, 6, 16, 32, 64)
_CEILINGS = (8, 2)
_ROWS = 3


@dataclass(frozen=True, slots=True)
class PathFile:
    """One ONNX file for the segments of a path.

    Attributes:
        onnx: The file.
        signature: What it takes and gives.
        path: The segments that it stands for.
        before: Oracles of the whole path that must run before it.
        after: Oracles that must run after it.
        difference: By how much it differs at most from the path, relative to the largest
            number, on random rows.
    """

    onnx: bytes
    signature: Signature
    path: EdgePath
    before: tuple[Oracle, ...]
    after: tuple[Oracle, ...]
    difference: float


def export_path(
    path: EdgePath, catalog: Catalog, read_blob: Callable[[str], bytes]
) -> PathFile:
    """Splice the segments of a path and compare the file with the path on random rows.

    Args:
        path: With oracles at its ends at most.
        catalog: Knows the modalities.
        read_blob: Gives the ONNX file of a digest.

    Raises:
        PathExportError: If an oracle stands in its middle, no random row gets through, or the
            file gives something else than the path.
    """
    stretch = stretch_of(path)
    whole, onnx = chain(stretch, catalog, read_blob)
    digest = sha256(onnx).hexdigest()
    pool = SessionPool(read_blob)
    pool.add(digest, onnx)
    check = _Check(stretch, replace(whole, digest=digest), catalog, pool)
    difference = check.difference()
    if whole.signature is None or not difference <= _TOLERANCE:
        reason = f"the file differs by {difference:.3g} from it on random rows"
        remedy = "one of its networks mixes rows with their padding; use convert"
        raise PathExportError(str(stretch.path), reason, remedy)
    return PathFile(
        onnx, whole.signature, stretch.path, stretch.before, stretch.after, difference
    )


@final
class _Check:
    """Runs the path and the file side by side."""

    def __init__(
        self, stretch: Stretch, whole: Segment, catalog: Catalog, pool: SessionPool
    ) -> None:
        self._path = stretch.path
        self._file = EdgePath(self._path.source, (whole,))
        self._spec = catalog.spec(self._path.source)
        self._target = catalog.spec(self._path.target)
        self._runner = Runner(catalog, pool, OraclePool(()))

    def difference(self) -> float:
        """Compare on the first random rows that the path takes."""
        refusal = "no row of any length fits"
        for rows in _random_rows(self._spec):
            try:
                wanted = self._run(self._path, rows)
            except TranscoderError as error:
                refusal = str(error)
                continue
            return _difference(self._run(self._file, rows), wanted)
        reason = f"it takes no random rows: {refusal}"
        raise PathExportError(str(self._path), reason, "check its networks with convert")

    def _run(self, path: EdgePath, rows: list[Value]) -> list[dict[str, Array]]:
        batch = self._runner.run_batch(path, rows)
        return split_rows(batch, self._target) if not isinstance(batch, list) else []


def _random_rows(spec: Spec) -> Iterator[list[Value]]:
    random = np.random.default_rng(0)
    is_masked = mask_axis(spec) is not None
    for length, ceiling in product(_LENGTHS, _CEILINGS):
        lengths = [max(1, length - row) if is_masked else length for row in range(_ROWS)]
        yield [
            {each.name: _random(each, random, longest, ceiling) for each in spec.tensors}
            for longest in lengths
        ]


def _random(
    tensor: TensorSpec, random: np.random.Generator, length: int, ceiling: int
) -> Array:
    shape = tuple(length if isinstance(axis, str) else axis for axis in tensor.axes[1:])
    if tensor.dtype == "bool":
        return np.ones(shape, dtype=np.bool_)
    if tensor.is_floating:
        return random.standard_normal(shape).astype(tensor.dtype)
    return random.integers(0, ceiling, shape).astype(tensor.dtype)


def _difference(found: list[dict[str, Array]], wanted: list[dict[str, Array]]) -> float:
    worst = 0.0
    for mine, theirs in zip(found, wanted, strict=True):
        worst = max([worst, *(_distance(mine[name], each) for name, each in theirs.items())])
    return worst


def _distance(found: Array, wanted: Array) -> float:
    if found.shape != wanted.shape:
        return float("inf")
    if not wanted.size:
        return 0.0
    mine, theirs = found.astype(np.float64), wanted.astype(np.float64)
    return float(np.abs(mine - theirs).max() / max(1.0, np.abs(theirs).max()))
