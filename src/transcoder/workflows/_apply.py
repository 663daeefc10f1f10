"""Put a world file into a registry."""

from pathlib import Path

from transcoder.interchange import read_signature
from transcoder.registry import Commit, Registry, Transaction
from transcoder.vocabulary import Segment
from transcoder.world import SegmentFile, read_world


def apply_world(registry: Registry, path: Path) -> Commit:
    """Register all that a world file declares, in one transaction.

    What is registered already in the same words is left as it is, so that applying a world
    twice changes nothing.

    Args:
        registry: Where to.
        path: Of the world file.

    Returns:
        What the commit changed.

    Raises:
        RecipeError: If the file has faults.
        InvalidModelError: If an ONNX file of it cannot be used.
        CommitError: If the result would not be consistent.
    """
    with registry.transaction(f"apply {path.name}") as transaction:
        stage_world(transaction, path)
    if transaction.committed is None:
        message = "the transaction ended without a commit"
        raise RuntimeError(message)
    return transaction.committed


def stage_world(transaction: Transaction, path: Path) -> None:
    """Stage all that a world file declares.

    Args:
        transaction: Where to.
        path: Of the world file.

    Raises:
        RecipeError: If the file has faults.
        InvalidModelError: If an ONNX file of it cannot be used.
    """
    world = read_world(path)
    for noun in world.nouns:
        transaction.put(noun)
    for declared in world.segments:
        onnx = declared.onnx.read_bytes() if declared.onnx is not None else None
        transaction.put_segment(_segment(declared, onnx), onnx)


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
