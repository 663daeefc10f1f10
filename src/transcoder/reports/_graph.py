"""Graphs of named places and arrows, as SVG and as Mermaid."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from transcoder.reports._layers import Layout, lay_out
from transcoder.reports._svg import (
    COLOURS,
    INK,
    MUTED,
    Point,
    element,
    picture,
    text_width,
    words,
)


class Look(StrEnum):
    """How an arrow is drawn."""

    THIN = "thin"
    THICK = "thick"
    DOTTED = "dotted"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Place:
    """One box.

    Attributes:
        name: Unique in the graph.
        text: What stands in it.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """What leads from one box to another.

    Attributes:
        source: Name of the place where it begins.
        target: Name of the place where it ends.
        text: What stands at it.
        look: How it is drawn; plain ones have no head.
    """

    source: str
    target: str
    text: str = ""
    look: Look = Look.THIN


@dataclass(frozen=True, slots=True)
class Graph:
    """Places, and arrows between them."""

    places: tuple[Place, ...]
    arrows: tuple[Arrow, ...]


_MERMAID = {Look.THIN: "-->", Look.THICK: "==>", Look.DOTTED: "-.->", Look.PLAIN: "---"}
_STROKES: dict[Look, dict[str, str | float]] = {
    Look.THIN: {"stroke": MUTED, "stroke_width": 1.2},
    Look.THICK: {"stroke": COLOURS[1], "stroke_width": 2.8},
    Look.DOTTED: {"stroke": COLOURS[0], "stroke_width": 1.4, "stroke_dasharray": "5 4"},
    Look.PLAIN: {"stroke": MUTED, "stroke_width": 1.2, "stroke_dasharray": "1 3"},
}
_LABEL, _TEXT = 10.5, 12.0
_BOX, _ROW, _EDGE = 26.0, 54.0, 16.0
"""Height of a box, from one row to the next, and the margin, in pixels."""


def graph_mermaid(graph: Graph) -> str:
    """Write a graph as a Mermaid flowchart from left to right."""
    names = {each.name: f"n{number}" for number, each in enumerate(graph.places)}
    lines = ["flowchart LR"]
    lines += [f'  {names[each.name]}["{_coded(each.text)}"]' for each in graph.places]
    for each in graph.arrows:
        text = f'|"{_coded(each.text)}"|' if each.text else ""
        ends = names[each.source], names[each.target]
        lines.append(f"  {ends[0]} {_MERMAID[each.look]}{text} {ends[1]}")
    return "\n".join(lines)


def draw_graph(graph: Graph, *, label: str) -> str:
    """Draw a graph in layers from left to right, as SVG.

    Args:
        graph: It may have cycles; arrows that close one are drawn backwards.
        label: What it shows, for those who do not see it.
    """
    pairs = [(each.source, each.target) for each in graph.arrows]
    layout = lay_out([each.name for each in graph.places], pairs)
    spots, width = _spots(graph, layout)
    height = 2 * _EDGE + _ROW * max(len(each) for each in layout.layers)
    lines, labels = [], []
    for arrow, way in zip(graph.arrows, layout.ways, strict=True):
        drawn = _drawn_arrow(arrow, [spots[each] for each in way])
        lines.append(drawn[0])
        labels.append(drawn[1])
    boxes = [_drawn_place(each, spots[each.name]) for each in graph.places]
    return picture(width, height, [_HEADS, *lines, *boxes, *labels], label=label)


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where something stands: its middle, and half its width."""

    x: float
    y: float
    half: float

    def side(self, direction: float) -> Point:
        return self.x + direction * self.half, self.y


def _spots(graph: Graph, layout: Layout) -> tuple[dict[object, _Spot], float]:
    """Place everything, the bends of long arrows included, and say how wide it all is."""
    wide = {each.name: text_width(each.text, _TEXT) + 18 for each in graph.places}
    labels = {each.source: 0.0 for each in graph.arrows}
    for each in graph.arrows:
        labels[each.source] = max(labels[each.source], text_width(each.text, _LABEL))
    most = max(len(each) for each in layout.layers)
    spots: dict[object, _Spot] = {}
    left = _EDGE
    for layer in layout.layers:
        column = max(wide.get(str(key), 0.0) for key in layer)
        for row, key in enumerate(layer):
            y = _EDGE + _ROW * (row + 0.5 + (most - len(layer)) / 2)
            spots[key] = _Spot(left + column / 2, y, wide.get(str(key), 0.0) / 2)
        gap = max((labels.get(str(key), 0.0) for key in layer), default=0.0)
        left += column + max(gap, 24.0) + 40
    right = max(spot.x + spot.half for spot in spots.values())
    return spots, right + _EDGE


def _drawn_arrow(arrow: Arrow, way: list[_Spot]) -> tuple[str, str]:
    """Draw an arrow along its bends, and its text in the middle of the first stretch."""
    forward = 1.0 if way[-1].x > way[0].x else -1.0
    points = [way[0].side(forward), *((each.x, each.y) for each in way[1:-1])]
    points.append(way[-1].side(-forward))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        bend = (to_x - x) / 2
        path += f" C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    head = {} if arrow.look is Look.PLAIN else {"marker_end": f"url(#{arrow.look})"}
    curve = element("path", d=path, fill="none", **_STROKES[arrow.look], **head)
    (x, y), (to_x, to_y) = points[0], points[1]
    middle = (x + to_x) / 2, (y + to_y) / 2 - 4
    return curve, words(middle, arrow.text, size=_LABEL, anchor="middle", colour=MUTED)


def _drawn_place(place: Place, spot: _Spot) -> str:
    box = element(
        "rect",
        x=spot.x - spot.half,
        y=spot.y - _BOX / 2,
        width=2 * spot.half,
        height=_BOX,
        rx=5,
        fill="#f4f7fa",
        stroke=INK,
    )
    return box + words((spot.x, spot.y + 4), place.text, size=_TEXT, anchor="middle")


_HEADS = element(
    "defs",
    *(
        element(
            "marker",
            element("path", d="M0 0L8 4L0 8z", fill=str(stroke["stroke"])),
            id=str(look),
            viewBox="0 0 8 8",
            refX=8,
            refY=4,
            markerWidth=9,
            markerHeight=9,
            markerUnits="userSpaceOnUse",
            orient="auto",
        )
        for look, stroke in _STROKES.items()
    ),
)


def _coded(text: str) -> str:
    """Write what Mermaid would read as markup by its codes, line breaks as spaces."""
    coded = " ".join(text.split())
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        coded = coded.replace(sign, code)
    return coded
