"""The judge: exported files, through ONNX Runtime, on rows that nothing was fitted on."""

from transcoder.evaluation._alignment import cka_score, linear_cka
from transcoder.evaluation._bootstrap import Bootstrap, Scores
from transcoder.evaluation._choice import LEAST_ROWS, Choice, choose_current, is_lost
from transcoder.evaluation._familiarity import FAMILIARITY, Familiarity, mean_latents
from transcoder.evaluation._judge import (
    NATIVE_FLOOR,
    Exam,
    Judgement,
    Questions,
    StratumScore,
    WantedLatents,
    chain_scores,
    judge,
    prepare_exam,
    retention,
)
from transcoder.evaluation._latent import latent_scores, row_cosines
from transcoder.evaluation._match import per_row_match, row_scores
from transcoder.evaluation._neighbours import csls_retrieval, nearest_rows, shared_neighbours
from transcoder.evaluation._retrieval import Retrieval, retrieval

__all__ = [
    "FAMILIARITY",
    "LEAST_ROWS",
    "NATIVE_FLOOR",
    "Bootstrap",
    "Choice",
    "Exam",
    "Familiarity",
    "Judgement",
    "Questions",
    "Retrieval",
    "Scores",
    "StratumScore",
    "WantedLatents",
    "chain_scores",
    "choose_current",
    "cka_score",
    "csls_retrieval",
    "is_lost",
    "judge",
    "latent_scores",
    "linear_cka",
    "mean_latents",
    "nearest_rows",
    "per_row_match",
    "prepare_exam",
    "retention",
    "retrieval",
    "row_cosines",
    "row_scores",
    "shared_neighbours",
]
