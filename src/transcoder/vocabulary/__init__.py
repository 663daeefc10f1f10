"""The frozen nouns that every other layer shares."""

from transcoder.vocabulary._catalog import Catalog, ModalityEntry
from transcoder.vocabulary._confidence import Confidence, Confident
from transcoder.vocabulary._dataset import Column, Dataset, DatasetType
from transcoder.vocabulary._digest import JsonValue, canonical_json, digest_of
from transcoder.vocabulary._edge import (
    Edge,
    EdgePath,
    Exactness,
    Oracle,
    OracleType,
    Segment,
    SegmentKey,
    SegmentKind,
)
from transcoder.vocabulary._gradients import Gradients
from transcoder.vocabulary._modality import (
    STANDARD_LATENTS,
    Modality,
    ModalityType,
    Payload,
    Scorer,
    Scoring,
)
from transcoder.vocabulary._opportunity import (
    Cost,
    Grade,
    JudgedChain,
    Opportunity,
    Route,
    TargetKind,
)
from transcoder.vocabulary._score import Interval, Score
from transcoder.vocabulary._spec import BATCH, DTYPES, Signature, Spec, TensorSpec
from transcoder.vocabulary._split import Split, SplitShares, split_of
from transcoder.vocabulary._values import Array, Content, Tensors, Value, Waveform

__all__ = [
    "BATCH",
    "DTYPES",
    "STANDARD_LATENTS",
    "Array",
    "Catalog",
    "Column",
    "Confidence",
    "Confident",
    "Content",
    "Cost",
    "Dataset",
    "DatasetType",
    "Edge",
    "EdgePath",
    "Exactness",
    "Grade",
    "Gradients",
    "Interval",
    "JsonValue",
    "JudgedChain",
    "Modality",
    "ModalityEntry",
    "ModalityType",
    "Opportunity",
    "Oracle",
    "OracleType",
    "Payload",
    "Route",
    "Score",
    "Scorer",
    "Scoring",
    "Segment",
    "SegmentKey",
    "SegmentKind",
    "Signature",
    "Spec",
    "Split",
    "SplitShares",
    "TargetKind",
    "TensorSpec",
    "Tensors",
    "Value",
    "Waveform",
    "canonical_json",
    "digest_of",
    "split_of",
]
