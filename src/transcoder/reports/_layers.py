"""Where the places of a graph stand: in layers, so that arrows go forward and cross little."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 6

Key = Hashable
"""A place by its name, or a bend of a long arrow by its number and layer."""


@dataclass(frozen=True, slots=True)
class Layout:
    """An order of places.

    Attributes:
        layers: From left to right; in each, places and bends from top to bottom.
        ways: For each arrow the places and bends that it passes, from its begin to its end.
    """

    layers: list[list[Key]]
    ways: list[list[Key]]


def lay_out(names: Sequence[str], arrows: Sequence[tuple[str, str]]) -> Layout:
    """Order a graph in layers, after Sugiyama, Tagawa and Toda 1981.

    An arrow that closes a cycle counts as turned round; a place stands one layer behind the
    last that leads to it; long arrows bend once in every layer that they pass; each layer is
    ordered by the mean place of its neighbours, a few times to and fro.

    Args:
        names: Of the places, at least one; ties keep their order.
        arrows: From name to name.
    """
    closing = _closing(names, arrows)
    forward = [
        (end, begin) if number in closing else (begin, end)
        for number, (begin, end) in enumerate(arrows)
    ]
    depth = _depths(names, forward)
    layers: list[list[Key]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in names:
        layers[depth[name]].append(name)
    ways: list[list[Key]] = []
    for number, (begin, end) in enumerate(forward):
        bends: list[Key] = [(number, layer) for layer in range(depth[begin] + 1, depth[end])]
        for layer, bend in zip(range(depth[begin] + 1, depth[end]), bends, strict=True):
            layers[layer].append(bend)
        ways.append([begin, *bends, end])
    _untangle(layers, ways)
    return Layout(
        layers, [way[::-1] if number in closing else way for number, way in enumerate(ways)]
    )


def _closing(names: Sequence[str], arrows: Sequence[tuple[str, str]]) -> set[int]:
    """Find the arrows that lead back to a place on the way, depth first, without recursion."""
    leaving: dict[str, list[int]] = {name: [] for name in names}
    for leaver, (begin, _) in enumerate(arrows):
        leaving[begin].append(leaver)
    done: set[str] = set()
    closing: set[int] = set()
    entered = {end for _, end in arrows}
    for root in sorted(names, key=lambda name: name in entered):
        if root in done:
            continue
        way = {root: iter(leaving[root])}
        while way:
            name = next(reversed(way))
            number = next(way[name], None)
            if number is None:
                done.add(name)
                del way[name]
                continue
            end = arrows[number][1]
            if end in way:
                closing.add(number)
            elif end not in done:
                way[end] = iter(leaving[end])
    return closing


def _depths(names: Sequence[str], forward: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Put each place behind the last that leads to it; a first one, just before its next."""
    straight = [(begin, end) for begin, end in forward if begin != end]
    depth = dict.fromkeys(names, 0)
    for _ in names:
        moved = False
        for begin, end in straight:
            if depth[end] <= depth[begin]:
                depth[end], moved = depth[begin] + 1, True
        if not moved:
            break
    entered = {end for _, end in straight}
    for name in names:
        following = [depth[end] for begin, end in straight if begin == name]
        if name not in entered and following:
            depth[name] = min(following) - 1
    return depth


def _untangle(layers: list[list[Key]], ways: Sequence[Sequence[Key]]) -> None:
    beside: dict[Key, list[Key]] = {}
    for way in ways:
        for first, second in pairwise(way):
            beside.setdefault(first, []).append(second)
            beside.setdefault(second, []).append(first)
    for sweep in range(_SWEEPS):
        numbers = range(1, len(layers)) if sweep % 2 == 0 else range(len(layers) - 2, -1, -1)
        for number in numbers:
            fixed = layers[number - 1 if sweep % 2 == 0 else number + 1]
            middle = {key: row - (len(fixed) - 1) / 2 for row, key in enumerate(fixed)}
            own = {
                key: row - (len(layers[number]) - 1) / 2
                for row, key in enumerate(layers[number])
            }

            def place(
                key: Key, middle: dict[Key, float] = middle, own: dict[Key, float] = own
            ) -> float:
                found = [middle[each] for each in beside.get(key, ()) if each in middle]
                return sum(found) / len(found) if found else own[key]

            layers[number].sort(key=place)
