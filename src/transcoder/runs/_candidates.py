"""Nets and closed forms as files that can be judged and registered alike."""

from dataclasses import dataclass
from hashlib import sha256

from transcoder.adapters import Affine
from transcoder.evaluation import FAMILIARITY, Familiarity
from transcoder.export import Exported, export_affine
from transcoder.interchange import read_signature, with_metadata
from transcoder.runs._plan import TrainingPlan
from transcoder.sessions import Runner
from transcoder.vocabulary import Segment, SegmentKey, SegmentKind


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One file that could become the transcoder.

    Attributes:
        name: What people call it: `residual`, `ridge`.
        segment: As it would be registered.
        onnx: The file.
    """

    name: str
    segment: Segment
    onnx: bytes


def make_candidate(
    name: str, exported: Exported, *, key: SegmentKey, runner: Runner, familiarity: Familiarity
) -> Candidate:
    """Give an exported file its identity, and let the runner find it.

    Args:
        name: What people call it.
        exported: The file.
        key: Under what it is registered.
        runner: What will run it.
        familiarity: What it was trained on; the file carries it.
    """
    onnx = with_metadata(exported.onnx, {FAMILIARITY: familiarity.text()}, name)
    segment = Segment(
        key,
        kind=SegmentKind.TRANSCODER,
        digest=sha256(onnx).hexdigest(),
        signature=read_signature(onnx, name),
        names=exported.names,
    )
    runner.sessions.add(str(segment.digest), onnx)
    return Candidate(name, segment, onnx)


def export_closed_form(affine: Affine, plan: TrainingPlan) -> Exported:
    """Export a closed form between the ends of a plan."""
    return export_affine(
        affine.weight, affine.bias, plan.source_spec, plan.target_spec, rank=affine.rank
    )
