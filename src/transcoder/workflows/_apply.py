"""Put a world file into a registry."""

from pathlib import Path

from transcoder.interchange import read_model, read_signature
from transcoder.registry import Commit, Registry, Transaction
from transcoder.vocabulary import Segment
from transcoder.workflows._latencies import measured_segment
from transcoder.world import SegmentFile, read_world


def apply_world(registry: Registry, path: Path, *, measure: bool = False) -> Commit:
    """Register all that a world file declares, in one transaction.

    What is registered already in the same words is left as it is, so that applying a world
    twice changes nothing.

    Args:
        registry: Where to.
        path: Of the world file.
        measure: Whether to add how long one row takes to the scores of new versions.

    Returns:
        What the commit changed.

    Raises:
        RecipeError: If the file has faults.
        InvalidModelError: If an ONNX file of it cannot be used.
        ConversionError: If one is to be measured and cannot be run.
        CommitError: If the result would not be consistent.
    """
    with registry.transaction(f"apply {path.name}") as transaction:
        stage_world(transaction, path, measure=measure)
    if transaction.committed is None:
        message = "the transaction ended without a commit"
        raise RuntimeError(message)
    return transaction.committed


def stage_world(transaction: Transaction, path: Path, *, measure: bool = False) -> None:
    """Stage all that a world file declares.

    Args:
        transaction: Where to.
        path: Of the world file.
        measure: Whether to add how long one row takes to the scores of new versions.

    Raises:
        RecipeError: If the file has faults.
        InvalidModelError: If an ONNX file of it cannot be used.
        ConversionError: If one is to be measured and cannot be run.
    """
    world = read_world(path)
    for noun in world.nouns:
        transaction.put(noun)
    catalog = transaction.catalog
    for declared in world.segments:
        onnx = read_model(declared.onnx) if declared.onnx is not None else None
        segment = _segment(declared, onnx)
        if measure and onnx is not None:
            segment = measured_segment(catalog, segment, onnx)
        transaction.put_segment(segment, onnx)


def _segment(declared: SegmentFile, onnx: bytes | None) -> Segment:
    name = f"{declared.key.model} ({declared.onnx.name})" if declared.onnx else ""
    return Segment(
        declared.key,
        kind=declared.kind,
        signature=read_signature(onnx, name) if onnx is not None else None,
        names=declared.names,
        licence=declared.licence,
        origin=declared.origin,
    )
