"""Curves, intervals and clouds of points, as SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcoder.reports._axes import Axis, Frame
from transcoder.reports._svg import COLOURS, INK, MUTED, Point, dot, line, picture, words

_JOINED = 80
"""How many pairs of a cloud are joined; more lines hide the points."""
_WIDE = 20.0
"""From which ratio on numbers are laid out by their ratios."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its interval.

    Attributes:
        name: Whose.
        value: What was measured.
        low: Where the interval begins, or None.
        high: Where it ends, or None.
        is_chosen: Whether it is drawn in colour.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    is_chosen: bool = False


def draw_curves(
    series: Mapping[str, Sequence[Point]], *, x: str, y: str, is_logarithmic: bool = False
) -> str:
    """Draw lines through points.

    Args:
        series: By name, in order of x; values that are not finite are left out.
        x: What stands along the first axis.
        y: What stands along the second.
        is_logarithmic: Whether the second axis is; values of 0 and below are left out then.
    """
    least = 0.0 if is_logarithmic else -math.inf
    kept = {
        name: [point for point in points if math.isfinite(point[1]) and point[1] > least]
        for name, points in series.items()
    }
    every = [point for points in kept.values() for point in points]
    kept = _joined(kept)
    height = max(220.0, 18.0 * len(kept))
    frame = Frame(
        *(60, 24, 460, height),
        Axis.around(point[0] for point in every),
        Axis.around((point[1] for point in every), is_logarithmic=is_logarithmic),
    )
    parts = [*frame.x_rules(), *frame.y_rules(), *frame.titles(x, y)]
    for number, (name, points) in enumerate(kept.items()):
        colour = COLOURS[number % len(COLOURS)]
        placed = [frame.at(*point) for point in points]
        parts.append(line(placed, colour, width=1.8))
        parts += [dot(point, colour, 2.2) for point in placed]
        parts.append(line([(536, 34 + 18 * number), (552, 34 + 18 * number)], colour, width=3))
        parts.append(words((558, 38 + 18 * number), name, size=11))
    return picture(760, height + 70, parts, label=f"{y} by {x}")


def _joined(series: Mapping[str, list[Point]]) -> dict[str, list[Point]]:
    """Take equal series as one under all their names, so that none hides another."""
    names: dict[tuple[Point, ...], list[str]] = {}
    for name, points in series.items():
        names.setdefault(tuple(points), []).append(name)
    return {", ".join(each): list(points) for points, each in names.items()}


def draw_intervals(bars: Sequence[Bar], *, x: str) -> str:
    """Draw each value as a dot on its interval, one below the other."""
    ends = [each for bar in bars for each in (bar.value, bar.low, bar.high) if each is not None]
    frame = Frame(150, 12, 460, 28.0 * len(bars), Axis.around(ends), Axis(0, len(bars)))
    parts = [*frame.x_rules(), *frame.titles(x)]
    for number, bar in enumerate(bars):
        row = len(bars) - number - 0.5
        colour = COLOURS[1] if bar.is_chosen else COLOURS[0]
        if bar.low is not None and bar.high is not None:
            parts.append(
                line([frame.at(bar.low, row), frame.at(bar.high, row)], colour, width=3)
            )
        middle = frame.at(bar.value, row)
        parts.append(dot(middle, colour, 4.5))
        name = f"{bar.name} *" if bar.is_chosen else bar.name
        parts.append(words((140, middle[1] + 4), name, anchor="end"))
        parts.append(words((620, middle[1] + 4), f"{bar.value:.3f}", size=11))
    return picture(690, frame.height + 56, parts, label=f"{x} of each candidate")


def draw_clouds(
    wanted: NDArray[np.float64], given: Mapping[str, NDArray[np.float64]], *, share: float
) -> str:
    """Draw where latents lie and where they should, in two dimensions.

    Args:
        wanted: In grey, the same in every panel, (row, 2).
        given: By name, one panel each, joined to what was wanted, (row, 2).
        share: How much of the wanted latents' variance the two dimensions hold.
    """
    size = 240.0
    every = np.concatenate([wanted, *given.values()])
    # A closed form may throw single rows far out; the middle is what is looked at.
    low, high = (np.quantile(every, end, axis=0) for end in (0.005, 0.995))
    axes = [Axis.around([float(low[axis]), float(high[axis])]) for axis in (0, 1)]
    parts = []
    for number, (name, points) in enumerate(given.items()):
        frame = Frame(10 + number * (size + 20), 26, size, size, axes[0], axes[1])
        parts += _cloud(frame, wanted, points)
        parts.append(words((frame.left, 17), name, colour=INK))
    note = f"first two principal axes of the wanted latents, {share:.0%} of their variance"
    parts.append(words((10, size + 44), f"grey: wanted; blue: given; {note}", size=11))
    width = max(20 + len(given) * (size + 20), 640)
    return picture(width, size + 56, parts, label="latents in two dimensions")


def _cloud(frame: Frame, wanted: NDArray[np.float64], given: NDArray[np.float64]) -> list[str]:
    corners = [(frame.x.low, frame.y.low), (frame.x.low, frame.y.high),
               (frame.x.high, frame.y.high), (frame.x.high, frame.y.low),
               (frame.x.low, frame.y.low)]  # fmt: skip
    parts = [line([frame.at(*corner) for corner in corners], MUTED)]
    pairs = [(_inside(frame, end), _inside(frame, begin)) for end, begin in
             zip(wanted, given, strict=True)]  # fmt: skip
    parts += [line(pair, "#c5ced6", width=0.7) for pair in pairs[:_JOINED]]
    parts += [dot(end, MUTED, 2.0, 0.6) for end, _ in pairs]
    parts += [dot(begin, COLOURS[0], 2.0, 0.7) for _, begin in pairs]
    return parts


def _inside(frame: Frame, point: NDArray[np.float64]) -> Point:
    """Find where a point stands, at the edge if it lies beyond."""
    x = min(max(float(point[0]), frame.x.low), frame.x.high)
    y = min(max(float(point[1]), frame.y.low), frame.y.high)
    return frame.at(x, y)


def draw_points(points: Sequence[tuple[str | float, float]], *, x: str, y: str) -> str:
    """Draw a value by what was chosen: by number where all are numbers, else by name.

    Args:
        points: What was chosen, and what came of it; what is not finite is left out.
        x: What was chosen.
        y: What came of it.
    """
    kept = [(at, value) for at, value in points if math.isfinite(value)]
    numbers = [at for at, _ in kept if isinstance(at, int | float)]
    is_named = len(numbers) < len(kept)
    names = sorted({str(at) for at, _ in kept})
    is_wide = min(numbers, default=0.0) > 0 and max(numbers) / min(numbers) > _WIDE
    across = (
        Axis(-0.5, len(names) - 0.5)
        if is_named
        else Axis.around(numbers, is_logarithmic=is_wide)
    )
    frame = Frame(60, 24, 460, 200, across, Axis.around(value for _, value in kept))
    parts = [*([] if is_named else frame.x_rules()), *frame.y_rules(), *frame.titles(x, y)]
    for place, name in enumerate(names if is_named else ()):
        parts.append(
            words((frame.at(place, frame.y.low)[0], 239), name, size=10.5, anchor="middle")
        )
    for at, value in kept:
        along = names.index(str(at)) if is_named else float(at)
        parts.append(dot(frame.at(along, value), COLOURS[0], 4, 0.75))
    return picture(560, 270, parts, label=f"{y} by {x}")
