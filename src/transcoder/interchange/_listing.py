"""Lists every place where a network can be cut."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import onnx

from transcoder.interchange._cut_nouns import Cut, CutReport, Notion
from transcoder.interchange._network import is_latent, read_network
from transcoder.interchange._no_cut import why_no_cut

_Width = tuple[int, int]


def list_cuts(
    model: bytes | onnx.ModelProto, notion: Notion, *, all_dtypes: bool, name: str
) -> CutReport:
    """Do the work of `find_cuts`."""
    network = read_network(model, notion, name)
    every = network.describe(network.tensor_cuts())
    cuts = [each for each in every if all_dtypes or is_latent(each)]
    if cuts:
        return CutReport(notion, tuple(mark_bottlenecks(cuts)))
    return CutReport(notion, (), why_no_cut(network, notion, every))


def mark_bottlenecks(cuts: Sequence[Cut]) -> list[Cut]:
    """Mark the cuts whose rows are narrower than those of the cuts before and after.

    Neighbours of one width are one place; the first and the last place have a neighbour on
    one side only, and are no bottleneck.
    """
    known = [(each, _width(each)) for each in cuts]
    runs = [list(run) for _, run in groupby(known, key=lambda pair: pair[1])]
    widths = [run[0][1] for run in runs]
    marked: list[Cut] = []
    for number, run in enumerate(runs):
        beside = widths[max(0, number - 1) : number] + widths[number + 1 : number + 2]
        is_narrow = len(beside) > 1 and all(_is_narrower(widths[number], w) for w in beside)
        marked += [replace(cut, is_bottleneck=is_narrow) for cut, _ in run]
    return marked


def _width(cut: Cut) -> _Width | None:
    """The open axes of a row, and the product of its fixed ones; the batch is no part of it."""
    if cut.axes is None:
        return None
    product, open_axes = 1, 0
    for axis in cut.axes[1:]:
        if isinstance(axis, int):
            product *= axis
        else:
            open_axes += 1
    return open_axes, product


def _is_narrower(width: _Width | None, other: _Width | None) -> bool:
    return width is not None and other is not None and width < other
