"""Nets and closed forms as files that can be judged and registered alike."""

from dataclasses import dataclass
from hashlib import sha256

from transcoder.adapters import Affine
from transcoder.export import Exported, export_affine
from transcoder.interchange import read_signature
from transcoder.sessions import Runner
from transcoder.vocabulary import Segment, SegmentKey, SegmentKind
from transcoder.workflows._plan import TrainingPlan


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
    name: str, exported: Exported, *, key: SegmentKey, runner: Runner
) -> Candidate:
    """Give an exported file its identity, and let the runner find it."""
    segment = Segment(
        key,
        kind=SegmentKind.TRANSCODER,
        digest=sha256(exported.onnx).hexdigest(),
        signature=read_signature(exported.onnx, name),
        names=exported.names,
    )
    runner.sessions.add(str(segment.digest), exported.onnx)
    return Candidate(name, segment, exported.onnx)


def closed_form_candidate(
    affine: Affine, plan: TrainingPlan, *, key: SegmentKey, runner: Runner
) -> Candidate:
    """Export a closed form as any adapter is."""
    exported = export_affine(affine.weight, affine.bias, plan.source_spec, plan.target_spec)
    return make_candidate(affine.name, exported, key=key, runner=runner)
