"""A report as Markdown, for terminals and for places that draw Mermaid."""

import json
import re
from collections.abc import Sequence

from transcoder.reports._content import content_text
from transcoder.reports._graph import graph_mermaid
from transcoder.reports._report import (
    CHAIN_HEADS,
    Report,
    ShownRow,
    chain_facts,
    chain_rows,
    score_rows,
)

_SIGNS = re.compile(r"([\\`*\[|~])")


def report_markdown(report: Report) -> str:
    """Write the report of a run as Markdown; content is told in words, graphs as Mermaid."""
    result = report.result
    lines = [f"# {plain(report.title)}", "", plain(result.why), ""]
    lines += [f"- {plain(name)}: {plain(value)}" for name, value in report.facts.items()]
    for sentence, graph in report.graphs:
        lines += ["", "## Learning graph", "", plain(sentence), ""]
        lines += ["```mermaid", graph_mermaid(graph), "```"]
    if report.curves:
        lines += ["", "## Training", ""]
        ends = [
            (plain(name), f"{points[0][1]:.4g}", f"{points[-1][1]:.4g}", f"{points[-1][0]:.0f}")
            for name, points in report.curves.items()
        ]
        lines += table(("logged", "first", "last", "at step"), ends)
    if result.chains:
        chains = [tuple(map(plain, each)) for each in chain_rows(result)]
        lines += ["", "## Every judged chain", "", *table(CHAIN_HEADS, chains), ""]
        lines += [f"- {plain(name)}: {plain(told)}" for name, told in chain_facts(result)]
        refused = [each for each in result.chains if each.refused]
        lines += [f"- {plain(each.name)} is refused: {plain(each.refused)}" for each in refused]
    for title, rows in (("Worst", report.worst), ("Best", report.best)):
        if rows:
            lines += ["", f"## {title} test rows, by {plain(report.scored_by)}", ""]
            lines += _shown_rows(rows)
    candidates, scores = score_rows(result)
    lines += ["", f"## Scores, of {result.test_rows:,} test rows", ""]
    chosen = [f"{each} *" if each == result.chosen else each for each in candidates]
    lines += [*table(("score", *chosen), scores), ""]
    lines += ["* registered. Brackets: 95 % paired bootstrap intervals."]
    if report.lineage:
        told = json.dumps(report.lineage, indent=2, ensure_ascii=False, default=str)
        lines += ["", "## Lineage", "", *(f"    {line}" for line in told.splitlines())]
    return "\n".join([*lines, ""])


def plain(text: str) -> str:
    r"""Write text so that Markdown shows it as it is, on one line.

    >>> plain("<b> a|b")
    '&lt;b> a\\|b'
    """
    joined = " ".join(text.split())
    coded = joined.replace("&", "&amp;").replace("<", "&lt;")
    coded = (
        f"&gt;{coded[1:]}" if coded.startswith(">") else coded
    )  # else it would be a quotation
    return _SIGNS.sub(r"\\\1", coded)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table whose cells are Markdown already, line by line."""
    told = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(row)} |" for row in told]


def _shown_rows(rows: Sequence[ShownRow]) -> list[str]:
    heads = ("row", "score", *(plain(name) for name, _ in rows[0].stations))
    told = [
        (
            str(row.number),
            f"{row.score:.3f}",
            *(plain(content_text(each)) for _, each in row.stations),
        )
        for row in rows
    ]
    return table(heads, told)
