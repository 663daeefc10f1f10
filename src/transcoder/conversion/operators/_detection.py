"""Boxes in images.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler, handlers


def _corners(boxes: Tensor, *, centred: bool) -> Tensor:
    """Bring boxes to (box, 4): lowest on both axes, then highest on both."""
    first, second = boxes[:, :2], boxes[:, 2:]
    if centred:
        return torch.cat((first - second / 2, first + second / 2), 1)
    return torch.cat((torch.minimum(first, second), torch.maximum(first, second)), 1)


def _shares(box: Tensor, others: Tensor) -> Tensor:
    """Divide the common area of a box and others by the area they cover together."""
    low = torch.maximum(box[:2], others[:, :2])
    high = torch.minimum(box[2:], others[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    area, areas = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1)
    whole = area + areas - common
    real = (common > 0) & (area > 0) & (areas > 0) & (whole > 0)
    return torch.where(real, common / whole, torch.zeros_like(common))


def _kept(
    boxes: Tensor, scores: Tensor, most: int, limit: float, least: float | None
) -> Tensor:
    places = torch.arange(len(scores), device=scores.device)
    if least is not None:
        places = places[scores > least]
    order = torch.sort(scores[places], descending=True, stable=True).indices
    rest = places[order]
    kept: list[Tensor] = []
    while len(rest) and len(kept) < most:
        best, rest = rest[0], rest[1:]
        kept.append(best)
        rest = rest[~(_shares(boxes[best], boxes[rest]) > limit)]
    return torch.stack(kept) if kept else places[:0]


def suppress(
    boxes: Tensor, scores: Tensor, most: Tensor | None = None, limit: Tensor | None = None,
    least: Tensor | None = None, *, center_point_box: int = 0,
) -> Tensor:  # fmt: skip
    """Keep the best of boxes that overlap: https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html.

    Args:
        boxes: (batch, box, 4).
        scores: (batch, class, box).
        most: How many boxes to keep of each class, none if absent.
        limit: The share of common area above which the lower score goes.
        least: The score above which a box counts.
        center_point_box: Whether a box is its centre and size rather than two corners.
    """
    boxes, scores = boxes.detach(), scores.detach()
    count = 0 if most is None else max(int(most), 0)
    share = 0.0 if limit is None else limit.item()
    floor = None if least is None else least.item()
    found = [scores.new_zeros((0, 3), dtype=torch.int64)]
    for batch in range(len(boxes)):
        corners = _corners(boxes[batch], centred=bool(center_point_box))
        for group in range(scores.shape[1]):
            kept = _kept(corners, scores[batch, group], count, share, floor)
            head = torch.tensor([[batch, group]], device=kept.device).expand(len(kept), 2)
            found.append(torch.cat((head, kept[:, None]), 1))
    return torch.cat(found)


class _Line(NamedTuple):
    """Where a region samples one axis: two neighbours with their shares, (bins * samples,)."""

    low: Tensor
    high: Tensor
    low_share: Tensor
    high_share: Tensor


def _line(start: Tensor, size: Tensor, bins: int, samples: int, length: int) -> _Line:
    at = torch.arange(bins * samples, device=start.device, dtype=start.dtype)
    cell = torch.div(at, samples, rounding_mode="floor")
    place = start + cell * size + (at - cell * samples + 0.5) * size / samples
    inside = (place >= -1) & (place <= length)
    clamped = place.clamp(0, length - 1)
    low = clamped.detach().floor().to(torch.int64).clamp(max=length - 1)
    high = (low + 1).clamp(max=length - 1)
    share = torch.where(inside, clamped - low, torch.zeros_like(place))
    rest = torch.where(inside, 1 - share, torch.zeros_like(place))
    return _Line(low, high, rest, share)


def _region(
    image: Tensor, box: Tensor, bins: tuple[int, int], ratio: int, offset: float, mode: str
) -> Tensor:
    """Sample one region of (channel, height, width) to (channel, *bins)."""
    sizes = box[2:] - box[:2]
    if not offset:
        sizes = sizes.clamp(min=1.0)
    cells = [sizes[1] / bins[0], sizes[0] / bins[1]]
    counts = [ratio or math.ceil(cell.item()) for cell in cells]
    if min(counts) <= 0:
        return image.new_zeros((image.shape[0], *bins)) + 0 * box.sum()
    rows = _line(box[1], cells[0], bins[0], counts[0], image.shape[1])
    columns = _line(box[0], cells[1], bins[1], counts[1], image.shape[2])
    parts = [
        image[:, row][:, :, column] * (row_share[:, None] * column_share)
        for row, row_share in ((rows.low, rows.low_share), (rows.high, rows.high_share))
        for column, column_share in (
            (columns.low, columns.low_share),
            (columns.high, columns.high_share),
        )
    ]
    shape = (image.shape[0], bins[0], counts[0], bins[1], counts[1])
    if mode == "max":
        return torch.stack(parts).amax(0).reshape(shape).amax((2, 4))
    return torch.stack(parts).sum(0).reshape(shape).mean((2, 4))


def align_regions(
    value: Tensor, regions: Tensor, batches: Tensor,
    *, coordinate_transformation_mode: str = "half_pixel", mode: str = "avg",
    output_height: int = 1, output_width: int = 1, sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Tensor:  # fmt: skip
    """Sample regions: https://onnx.ai/onnx/operators/onnx__RoiAlign.html."""
    offset = 0.5 if coordinate_transformation_mode == "half_pixel" else 0.0
    bins = (output_height, output_width)
    boxes = regions * spatial_scale - offset
    found = [
        _region(value[batch], box, bins, sampling_ratio, offset, mode)
        for box, batch in zip(boxes, batches.tolist(), strict=True)
    ]
    if not found:
        return value.new_zeros((0, value.shape[1], *bins))
    return torch.stack(found)


def _bins(first: int, last: int, count: int, length: int) -> list[tuple[int, int]]:
    """Cut a stretch of whole places to overlapping bins within the image."""
    size = max(last - first + 1, 1) / count
    return [
        (
            min(max(math.floor(at * size) + first, 0), length),
            min(max(math.ceil((at + 1) * size) + first, 0), length),
        )
        for at in range(count)
    ]


def pool_regions(
    value: Tensor, regions: Tensor, *, pooled_shape: tuple[int, ...], spatial_scale: float = 1.0
) -> Tensor:
    """Take the highest in bins of regions: https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html."""
    found = []
    corners = torch.floor(regions[:, 1:].detach() * spatial_scale + 0.5).long().tolist()
    for batch, (left, top, right, bottom) in zip(regions[:, 0].tolist(), corners, strict=True):
        image = value[int(batch)]
        rows = _bins(top, bottom, pooled_shape[0], image.shape[1])
        columns = _bins(left, right, pooled_shape[1], image.shape[2])
        cells = [
            image[:, up:down, near:far].amax((1, 2))
            if down > up and far > near
            else image.new_zeros(len(image))
            for up, down in rows
            for near, far in columns
        ]
        found.append(torch.stack(cells, 1).reshape(len(image), *pooled_shape))
    if not found:
        return value.new_zeros((0, value.shape[1], *pooled_shape))
    return torch.stack(found)


HANDLERS: Mapping[str, Handler] = handlers(
    {
        "MaxRoiPool": pool_regions,
        "NonMaxSuppression": suppress,
        "RoiAlign": align_regions,
    }
)
