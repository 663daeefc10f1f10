"""The judge: exported files, through ONNX Runtime, on rows that nothing was fitted on."""

from transcoder.evaluation._bootstrap import Bootstrap, Scores
from transcoder.evaluation._choice import Choice, choose_current
from transcoder.evaluation._judge import (
    NATIVE_FLOOR,
    Exam,
    Judgement,
    Questions,
    StratumScore,
    WantedLatents,
    judge,
    prepare_exam,
    retention,
)
from transcoder.evaluation._latent import latent_scores, row_cosines
from transcoder.evaluation._match import per_row_match, row_scores
from transcoder.evaluation._retrieval import Retrieval, retrieval

__all__ = [
    "NATIVE_FLOOR",
    "Bootstrap",
    "Choice",
    "Exam",
    "Judgement",
    "Questions",
    "Retrieval",
    "Scores",
    "StratumScore",
    "WantedLatents",
    "choose_current",
    "judge",
    "latent_scores",
    "per_row_match",
    "prepare_exam",
    "retention",
    "retrieval",
    "row_cosines",
    "row_scores",
]
