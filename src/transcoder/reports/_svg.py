"""Pictures as SVG text, drawn by hand: no library, no network, nothing that runs."""

from collections.abc import Iterable, Sequence
from html import escape

Point = tuple[float, float]

INK, MUTED, RULE = "#1f2933", "#66727f", "#d8dee4"
COLOURS = (
    "#1d6fb8",
    "#d1495b",
    "#3a9d5d",
    "#b07d12",
    "#7b52ab",
    "#11838f",
    "#8a5a44",
    "#55606b",
)
"""Of series, in order; they tell apart in common colour blindness for the first four."""

_SHRUNK, _PAGE = 0.75, 1080
"""How far a picture may shrink to fit a page of so many pixels; else it is scrolled."""
_FONT = "system-ui, sans-serif"


def element(tag: str, *inside: str, **attributes: str | float) -> str:
    """Write one element.

    Args:
        tag: Its name.
        inside: Markup, already escaped.
        attributes: By name, `_` for `-`; values are escaped.

    >>> element("circle", r=2, stroke_width=1.25)
    '<circle r="2" stroke-width="1.2"></circle>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{''.join(inside)}</{tag}>"


def picture(width: float, height: float, parts: Iterable[str], *, label: str) -> str:
    """Write a whole SVG picture.

    Args:
        width: In pixels.
        height: In pixels.
        parts: Markup.
        label: What it shows, for those who do not see it.
    """
    return element(
        "svg",
        element("title", escape(label)),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        width=round(width),
        height=round(height),
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        font_family=_FONT,
        style=f"background:#fff;max-width:100%;min-width:{_least(width):.0f}px;height:auto",
        role="img",
    )


def _least(width: float) -> float:
    return _SHRUNK * width if _SHRUNK * width <= _PAGE else width


def line(points: Sequence[Point], colour: str, *, width: float = 1.0, dash: str = "") -> str:
    """Join points by straight lines."""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = {"stroke_dasharray": dash} if dash else {}
    return element(
        "polyline", points=joined, fill="none", stroke=colour, stroke_width=width, **dashed
    )


def dot(point: Point, colour: str, radius: float = 3.0, opacity: float = 1.0) -> str:
    """Draw a filled circle."""
    return element(
        "circle", cx=point[0], cy=point[1], r=radius, fill=colour, fill_opacity=f"{opacity:.2f}"
    )


def words(
    point: Point, text: str, *, size: float = 12, anchor: str = "start", colour: str = INK
) -> str:
    """Write one line of text; a light edge keeps it readable across lines."""
    return element(
        "text",
        escape(text),
        x=point[0],
        y=point[1],
        font_size=size,
        text_anchor=anchor,
        fill=colour,
        stroke="white",
        stroke_width=5,
        stroke_linejoin="round",
        paint_order="stroke",
    )


def text_width(text: str, size: float = 12) -> float:
    """Estimate how wide a line of text is, in pixels."""
    return len(text) * size * 0.58


def _number(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)
