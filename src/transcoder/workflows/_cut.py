"""Cut a network in a file, and measure whether its halves still compute what it did."""

from dataclasses import dataclass
from pathlib import Path

from transcoder.errors import ConversionError, CutError, InvalidModelError, StorageError
from transcoder.files import write_whole
from transcoder.interchange import (
    UNKNOWN_AXIS,
    UNKNOWN_DTYPE,
    Cut,
    CutReport,
    Halves,
    Notion,
    cut,
    expose,
    find_cuts,
    read_model,
)
from transcoder.vocabulary import TensorSpec
from transcoder.workflows._trial import Trial, largest_difference


@dataclass(frozen=True, slots=True)
class CutFiles:
    """Two halves on disk.

    Attributes:
        head: The file that gives the cut tensor.
        tail: The file that takes it.
        at: The cut between them.
        difference: The largest difference between the whole and its halves in ONNX Runtime
            on one random input, relative to the largest number of that output; None where
            they could not be run.
        remark: Why they could not.
    """

    head: Path
    tail: Path
    at: Cut
    difference: float | None
    remark: str | None = None


def find_cuts_in_file(path: Path, notion: Notion, *, all_dtypes: bool = False) -> CutReport:
    """List every place where the network in a file can be cut.

    Args:
        path: Of the ONNX file; its weights may lie in files beside it.
        notion: Which paths are to be cut.
        all_dtypes: Whether to list tensors that are no latents.

    Raises:
        StorageError: If the file cannot be read.
        InvalidModelError: If it is no model that can be used.
    """
    return find_cuts(read_model(path), notion=notion, all_dtypes=all_dtypes, name=path.name)


def cut_file(path: Path, at: str, *, notion: Notion, folder: Path) -> CutFiles:
    """Cut the network in a file, compare the halves with it, and write them.

    Args:
        path: Of the ONNX file; its weights may lie in files beside it.
        at: The tensor.
        notion: Which paths are to be cut.
        folder: Where `<stem>.head.onnx` and `<stem>.tail.onnx` go; it is made if need be.

    Raises:
        CutError: If something goes round the tensor.
        InvalidModelError: If the model cannot be used.
        StorageError: If a file cannot be read or written.
    """
    whole = read_model(path)
    halves = _cut(whole, at, notion, name=path.name)
    difference, remark = compare_halves(whole, halves, name=path.name)
    head, tail = (folder / f"{path.stem}.{side}.onnx" for side in ("head", "tail"))
    _make(folder)
    write_whole(head, halves.head)
    write_whole(tail, halves.tail)
    return CutFiles(head, tail, halves.at, difference, remark)


def compare_halves(
    whole: bytes, halves: Halves, *, name: str
) -> tuple[float | None, str | None]:
    """Run a network and its halves in ONNX Runtime on one random input.

    Returns:
        The largest relative difference; or None, and why they could not be run.
    """
    try:
        given, wanted = Trial(whole, name).run_random()
        first = Trial(halves.head, f"{name} (head)").run(given)
        found = Trial(halves.tail, f"{name} (tail)").run({**given, **first})
    except (ConversionError, InvalidModelError) as error:
        return None, str(error)
    return largest_difference(wanted, {**found, **first}), None


def _cut(whole: bytes, at: str, notion: Notion, *, name: str) -> Halves:
    """Cut; where the file does not say what the tensor is, one run of it shows it."""
    try:
        return cut(whole, at, notion=notion, name=name)
    except CutError:
        found = find_cuts(whole, notion=notion, all_dtypes=True, name=name)
        if not any(each.tensor == at and _is_unknown(each) for each in found):
            raise
    array = Trial(expose(whole, at, name=name), name).run_random()[1][at]
    spec = TensorSpec(at, str(array.dtype), (UNKNOWN_AXIS,) * array.ndim)
    return cut(whole, at, notion=notion, spec=spec, name=name)


def _is_unknown(found: Cut) -> bool:
    return found.axes is None or found.dtype == UNKNOWN_DTYPE


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(str(folder), reason, "choose another folder") from error
