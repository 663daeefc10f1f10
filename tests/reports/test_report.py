"""A report is one page that needs nothing else and does nothing that its content says."""

import math
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from typing_extensions import override

from transcoder.reports import (
    Arrow,
    Bar,
    ChainResult,
    Clouds,
    Graph,
    Ladder,
    Place,
    PlainScore,
    Report,
    RunResult,
    ShownRow,
    draw_clouds,
    draw_curves,
    draw_intervals,
    draw_points,
    report_html,
    report_markdown,
)

EVIL = "<script>alert('x')</script>|`**<img src=//a onerror=b>"
SCORES: dict[str, PlainScore] = {"test/r2": (0.5, 0.4, 0.6), "test/cka": (0.25, None, None)}
RESULT = RunResult(
    identity="abc", chosen="net", why=f"better {EVIL}", version=1, is_current=True,
    was_finished=False, seconds=1.0, test_rows=9, scores={"ridge": {}, "net": SCORES},
    chains=(ChainResult(EVIL, True, EVIL, EVIL, False, 0, EVIL, refused=EVIL),),  # noqa: FBT003  # the fields of a noun
)  # fmt: skip
BARE = Report("A: {B} -> {C}", {"recipe": "tiny"}, RESULT)
FULL = Report(
    title=EVIL, facts={EVIL: EVIL}, result=RESULT,
    graphs=((EVIL, Graph((Place("a", EVIL), Place("b", "b")), (Arrow("a", "b", EVIL),))),),
    curves={EVIL: ((1.0, 0.5), (2.0, 0.25))},
    ladders=(Ladder(EVIL, (Bar(EVIL, 0.5, 0.4, 0.6), Bar("net", 0.7, is_chosen=True))),),
    clouds=Clouds(np.eye(2), {EVIL: np.eye(2)}, 0.5),
    best=(ShownRow(3, 1.0, ((EVIL, EVIL),)),), worst=(ShownRow(4, 0.0, ((EVIL, EVIL),)),),
    scored_by=EVIL, lineage={EVIL: [EVIL]},
)  # fmt: skip


class Seen(HTMLParser):
    """Collects what a browser would meet."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in {"src", "href"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_content_is_never_obeyed() -> None:
    seen = Seen(report_html(FULL))
    assert not seen.tags & {"script", "link", "iframe"}
    assert seen.handlers == []
    assert all(link.startswith("data:") for link in seen.links)


def test_a_page_forbids_scripts_and_the_network() -> None:
    assert "default-src 'none'" in report_html(BARE)


def test_markdown_shows_content_as_it_is() -> None:
    text = report_markdown(FULL)
    told = [line for line in text.splitlines() if not line.startswith("    ")]
    assert not any("<script" in line or "<img" in line for line in told)
    (row,) = [line for line in told if line.startswith("| 4 |")]
    assert row.replace("\\|", "").count("|") == 4


def test_a_report_says_what_was_reached() -> None:
    for text in (report_html(BARE), report_markdown(BARE)):
        assert "0.500 [0.400, 0.600]" in text
        assert "0.250" in text


def test_a_report_of_a_run_without_content_leaves_it_out() -> None:
    assert "Worst" not in report_html(BARE)
    assert "<svg" not in report_html(BARE)
    assert "svg" in Seen(report_html(FULL)).tags


def test_a_learning_graph_is_mermaid_in_markdown() -> None:
    assert "```mermaid\nflowchart LR\n" in report_markdown(FULL)
    assert "mermaid" not in report_markdown(replace(FULL, graphs=()))


@pytest.mark.parametrize(
    "picture",
    [
        draw_curves({"a": [(0, 1.0), (1, float("nan")), (2, 0.0)], "b": []}, x="step", y="l"),
        draw_curves({"a": [(0, 0.0), (1, 1e-9)]}, x="s", y="l", is_logarithmic=True),
        draw_curves({}, x="step", y="loss"),
        draw_intervals([Bar("a", 0.5), Bar("b", 0.5)], x="R²"),
        draw_intervals([Bar("a", -1e6, -2e6, 3e9)], x="R²"),
        draw_points([], x="rate", y="R²"),
        draw_points([(1e-4, 0.5), (1.0, 0.25), ("linear", 1.0), (2.0, math.nan)], x="a", y="b"),
        draw_points([(1e-4, 0.5), (1.0, 0.25)], x="rate", y="R²"),
        draw_clouds(np.zeros((3, 2)), {"a": np.full((3, 2), 1e12)}, share=1.0),
    ],
)
def test_a_chart_of_strange_numbers_is_a_picture(picture: str) -> None:
    root = ET.fromstring(picture)  # noqa: S314  # our own text
    assert root.tag.endswith("svg")
    assert "nan" not in picture
    assert "inf" not in picture


def test_a_longer_bar_ends_farther_right() -> None:
    root = ET.fromstring(  # noqa: S314  # our own text
        draw_intervals([Bar("a", 0.1), Bar("b", 0.9)], x="R²")
    )
    first, second = (float(each.get("cx", "0")) for each in root if each.tag.endswith("circle"))
    assert second > first + 200


def test_equal_curves_stand_as_one_under_both_names() -> None:
    points = [(0.0, 1.0), (1.0, 0.5)]
    drawn = draw_curves({"loss": points, "latent": points}, x="step", y="l")
    assert "loss, latent" in drawn
    assert drawn.count("<polyline") == draw_curves({"loss": points}, x="s", y="l").count(
        "<poly"
    )
