"""Use cases: the only place where the parts are put together."""

from transcoder.workflows._apply import apply_world
from transcoder.workflows._atlas import told_scores, transcoder_rows
from transcoder.workflows._changes import Changes
from transcoder.workflows._codec import Codec
from transcoder.workflows._cut import (
    CutFiles,
    compare_halves,
    cut_file,
    find_cuts_in_file,
)
from transcoder.workflows._describe import (
    describe_catalog,
    describe_commit,
    describe_edge,
    describe_explained,
    describe_opportunity,
    describe_path,
    describe_path_file,
    describe_score,
    describe_segment,
    licences_of,
)
from transcoder.workflows._latencies import Measured, measured_score
from transcoder.workflows._middleware import ALLOWED, Middleware
from transcoder.workflows._preferences import find_preferences, read_preference
from transcoder.workflows._runs import (
    REPORT_HTML,
    REPORT_MARKDOWN,
    Run,
    Sweep,
    describe_run,
    describe_sweep,
)
from transcoder.workflows._scaffold import scaffold
from transcoder.workflows._store import store_of

__all__ = [
    "ALLOWED",
    "REPORT_HTML",
    "REPORT_MARKDOWN",
    "Changes",
    "Codec",
    "CutFiles",
    "Measured",
    "Middleware",
    "Run",
    "Sweep",
    "apply_world",
    "compare_halves",
    "cut_file",
    "describe_catalog",
    "describe_commit",
    "describe_edge",
    "describe_explained",
    "describe_opportunity",
    "describe_path",
    "describe_path_file",
    "describe_run",
    "describe_score",
    "describe_segment",
    "describe_sweep",
    "find_cuts_in_file",
    "find_preferences",
    "licences_of",
    "measured_score",
    "read_preference",
    "scaffold",
    "store_of",
    "told_scores",
    "transcoder_rows",
]
