"""A report as one page that needs nothing else: no network, no script."""

import json
from collections.abc import Iterable, Sequence
from html import escape

from transcoder.reports._charts import draw_clouds, draw_curves, draw_intervals
from transcoder.reports._content import content_markup
from transcoder.reports._graph import draw_graph
from transcoder.reports._report import (
    CHAIN_HEADS,
    Report,
    ShownRow,
    chain_facts,
    chain_rows,
    score_rows,
)
from transcoder.reports._svg import element

_STYLE = """
:root{color-scheme:light;background:#fff}
body{font:15px/1.5 system-ui,sans-serif;color:#1f2933;max-width:1200px;
margin:2em auto;padding:0 1em}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #d8dee4}
table{border-collapse:collapse;font-size:13px}tr+tr>*{border-top:1px solid #e6eaee}
td,th{padding:3px 10px;text-align:left;vertical-align:top}
.wide{overflow-x:auto}.numbers{font-family:monospace}
.scores{font-size:12px}.scores td{white-space:nowrap;padding:3px 8px}
.text{display:block;min-width:7em}
p,h1{overflow-wrap:anywhere}audio{width:190px;height:32px}.wide{margin-bottom:1em}
img{image-rendering:pixelated;min-width:64px;max-width:480px;vertical-align:middle}
img.spectrogram{height:90px;max-width:250px;display:block;margin-top:4px}
pre{background:#f4f7fa;padding:1em;overflow-x:auto;font-size:12px}
"""
_POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"


def page(title: str, body: Iterable[str]) -> str:
    """Write a whole HTML page.

    Its policy forbids scripts and the network, whatever content stands in it.

    Args:
        title: Plain text.
        body: Markup, already escaped.
    """
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    inside = "\n".join([element("h1", escape(title)), *body])
    parts = (
        '<!doctype html>\n<html lang="en">',
        element("head", head),
        element("body", inside),
    )
    return "\n".join((*parts, "</html>", ""))


def report_html(report: Report) -> str:
    """Write the report of a run as one self-contained page."""
    body = [
        element("p", escape(report.result.why)),
        table_markup((), list(report.facts.items())),
    ]
    for part in (_learnt, _compared, _rows, _told):
        body += part(report)
    return page(report.title, body)


def _learnt(report: Report) -> list[str]:
    body = []
    for sentence, graph in report.graphs:
        body += [_heading("Learning graph"), element("p", escape(sentence))]
        body.append(_wide(draw_graph(graph, label=sentence)))
        body.append(element("p", "Solid: computed once. Thick: trained. Dashed: at each step."))
    if report.curves:
        curves = draw_curves(report.curves, x="step", y="logged values", is_logarithmic=True)
        body += [_heading("Training"), _wide(curves)]
    return body


def _compared(report: Report) -> list[str]:
    body = []
    if report.ladders:
        body.append(_heading(f"The ladder, on {report.result.test_rows:,} test rows"))
        body += [_wide(draw_intervals(each.bars, x=each.metric)) for each in report.ladders]
        body.append(element("p", "* registered. Lines: 95 % paired bootstrap intervals."))
    if report.clouds is not None:
        clouds = report.clouds
        drawn = draw_clouds(clouds.wanted, clouds.given, share=clouds.share)
        body += [_heading("Latents before and after"), _wide(drawn)]
    if report.result.chains:
        body.append(_heading("Every judged chain, on test rows"))
        body.append(table_markup(CHAIN_HEADS, chain_rows(report.result), look="scores"))
        body.append(element("p", "* by this one candidates were chosen, on validation rows."))
        body += [
            element("p", escape(f"{each.name} is refused: {each.refused}."))
            for each in report.result.chains
            if each.refused
        ]
        leads = element("summary", "Where each leads, and what it is measured by")
        told = table_markup((), chain_facts(report.result))
        body.append(element("details", leads, told))
    return body


def _rows(report: Report) -> list[str]:
    body = []
    for title, rows in (("Worst", report.worst), ("Best", report.best)):
        if rows:
            body.append(_heading(f"{title} test rows, by {report.scored_by}"))
            body.append(_wide(_shown_rows(rows)))
    return body


def _told(report: Report) -> list[str]:
    candidates, scores = score_rows(report.result)
    body = [_heading("All scores")]
    body.append(table_markup(("score", *candidates), scores, look="scores"))
    if report.lineage:
        told = json.dumps(report.lineage, indent=2, ensure_ascii=False, default=str)
        body += [_heading("Lineage"), element("pre", escape(told))]
    return body


def _heading(text: str) -> str:
    return element("h2", escape(text))


def _wide(inside: str) -> str:
    return element("div", inside, class_="wide")


def table_markup(heads: Sequence[str], rows: Sequence[Sequence[str]], *, look: str = "") -> str:
    """Write a table of plain text, scrolled where there is little room; no heads, no head row.

    Args:
        heads: Over the columns.
        rows: Cell by cell.
        look: A class of the style sheet.
    """
    head = element("tr", *(element("th", escape(each)) for each in heads)) if heads else ""
    body = (element("tr", *(element("td", escape(each)) for each in row)) for row in rows)
    return _wide(element("table", head, *body, **({"class_": look} if look else {})))


def _shown_rows(rows: Sequence[ShownRow]) -> str:
    heads = ("row", "score", *(name for name, _ in rows[0].stations))
    parts = [element("tr", *(element("th", escape(each)) for each in heads))]
    for row in rows:
        cells = [str(row.number), f"{row.score:.3f}"]
        cells += [content_markup(value) for _, value in row.stations]
        parts.append(element("tr", *(element("td", each) for each in cells)))
    return element("table", *parts)
