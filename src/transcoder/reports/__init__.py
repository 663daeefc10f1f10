"""What runs reached, as files, pages and pictures; nothing here knows how they came about."""

from transcoder.reports._card import model_card
from transcoder.reports._charts import (
    Bar,
    draw_clouds,
    draw_curves,
    draw_intervals,
    draw_points,
)
from transcoder.reports._content import content_markup, content_text
from transcoder.reports._graph import Arrow, Graph, Look, Place, draw_graph, graph_mermaid
from transcoder.reports._markdown import report_markdown
from transcoder.reports._page import page, report_html, table_markup
from transcoder.reports._report import Clouds, Ladder, Report, ShownRow, plain_text
from transcoder.reports._result import (
    RANKED_BY,
    ChainResult,
    PlainScore,
    RunResult,
    maybe_read_result,
    write_result,
)

__all__ = [
    "RANKED_BY",
    "Arrow",
    "Bar",
    "ChainResult",
    "Clouds",
    "Graph",
    "Ladder",
    "Look",
    "Place",
    "PlainScore",
    "Report",
    "RunResult",
    "ShownRow",
    "content_markup",
    "content_text",
    "draw_clouds",
    "draw_curves",
    "draw_graph",
    "draw_intervals",
    "draw_points",
    "graph_mermaid",
    "maybe_read_result",
    "model_card",
    "page",
    "plain_text",
    "report_html",
    "report_markdown",
    "table_markup",
    "write_result",
]
