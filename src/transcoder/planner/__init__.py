"""Which paths there are, which transcoders are missing, and from what they can be trained."""

from transcoder.planner._explained import ExplainedEdge, ExplainedPath, explain_path
from transcoder.planner._judged import find_judged_chains
from transcoder.planner._lacking import require_opportunities
from transcoder.planner._learning_graph import (
    LearningEdge,
    LearningGraph,
    LearningNode,
    When,
    draw_mermaid,
    learning_graph,
)
from transcoder.planner._missing import (
    MissingTranscoder,
    explain_missing,
    find_missing,
    find_missing_set,
)
from transcoder.planner._opportunities import MAX_LENGTH, find_opportunities
from transcoder.planner._paths import find_path, find_paths, path_cost
from transcoder.planner._preference import (
    SYNTHETIC_RETENTION,
    UNMEASURED_RETENTION,
    Preference,
    Terms,
    edge_cost,
    edge_terms,
    latency_ms,
)

__all__ = [
    "MAX_LENGTH",
    "SYNTHETIC_RETENTION",
    "UNMEASURED_RETENTION",
    "ExplainedEdge",
    "ExplainedPath",
    "LearningEdge",
    "LearningGraph",
    "LearningNode",
    "MissingTranscoder",
    "Preference",
    "Terms",
    "When",
    "draw_mermaid",
    "edge_cost",
    "edge_terms",
    "explain_missing",
    "explain_path",
    "find_judged_chains",
    "find_missing",
    "find_missing_set",
    "find_opportunities",
    "find_path",
    "find_paths",
    "latency_ms",
    "learning_graph",
    "path_cost",
    "require_opportunities",
]
