"""Branches and loops over subgraphs.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Block, Handler


def branch(
    device: torch.device,
    condition: Tensor,
    *captured: object,
    then_branch: Block,
    else_branch: Block,
) -> list[object]:
    """Run one of two graphs: https://onnx.ai/onnx/operators/onnx__If.html."""
    chosen = then_branch if bool(condition) else else_branch
    return chosen.run(device, (condition, *captured), ())


def loop(device: torch.device, *given: object, body: Block) -> list[object]:
    """Repeat a graph: https://onnx.ai/onnx/operators/onnx__Loop.html."""
    most, condition = given[0], given[1]
    limit = int(most) if isinstance(most, Tensor) else None
    count = body.takes - 2
    carried = list(given[2 : 2 + count])
    goes_on = condition is None or bool(condition)
    kept: list[list[object]] = []
    turn = 0
    while goes_on and (limit is None or turn < limit):
        head = (torch.tensor(turn, device=device), torch.tensor(True, device=device))  # noqa: FBT003
        results = body.run(device, given, (*head, *carried))
        goes_on, carried = bool(results[0]), results[1 : 1 + count]
        kept.append(results[1 + count :])
        turn += 1
    return [*carried, *_stacked(kept)]


def _stacked(kept: Sequence[Sequence[object]]) -> list[Tensor]:
    return [
        torch.stack([each for each in column if isinstance(each, Tensor)])
        for column in zip(*kept, strict=True)
    ]


def _or_zeros(values: tuple[int, ...], count: int) -> tuple[int, ...]:
    return values or (0,) * count


def scan(
    device: torch.device, *given: Tensor, body: Block, num_scan_inputs: int, outputs: int,
    scan_input_axes: tuple[int, ...] = (), scan_input_directions: tuple[int, ...] = (),
    scan_output_axes: tuple[int, ...] = (), scan_output_directions: tuple[int, ...] = (),
) -> list[object]:  # fmt: skip  # the attributes of ONNX
    """Walk along axes: https://onnx.ai/onnx/operators/onnx__Scan.html."""
    states = body.takes - num_scan_inputs
    axes = _or_zeros(scan_input_axes, num_scan_inputs)
    turned = _or_zeros(scan_input_directions, num_scan_inputs)
    carried: list[object] = list(given[:states])
    columns = [
        _walk(value, axis, backward=bool(back))
        for value, axis, back in zip(given[states : body.takes], axes, turned, strict=True)
    ]
    kept = []
    for row in zip(*columns, strict=True):
        results = body.run(device, given, (*carried, *row))
        carried = results[:states]
        kept.append(results[states:])
    if outputs > states and not kept:
        message = "there is nothing to walk along, so its outputs have no shape"
        raise ValueError(message)
    ends = _or_zeros(scan_output_axes, outputs - states)
    backs = _or_zeros(scan_output_directions, outputs - states)
    stacked = [
        (value.flip(0) if back else value).movedim(0, axis)
        for value, axis, back in zip(_stacked(kept), ends, backs, strict=True)
    ]
    return [*carried, *stacked]


def _walk(value: Tensor, axis: int, *, backward: bool) -> Sequence[Tensor]:
    parts = value.unbind(axis)
    return parts[::-1] if backward else parts


@dataclass(frozen=True, slots=True)
class _Row:
    """A body that runs on one row of a batch, with the captures of the whole."""

    body: Block
    outer: Sequence[object]

    @property
    def takes(self) -> int:
        return self.body.takes

    def run(
        self, device: torch.device, given: Sequence[object], inputs: Sequence[object]
    ) -> list[object]:
        del given
        return self.body.run(device, self.outer, inputs)


def scan_batch(
    device: torch.device, lengths: Tensor | None, *given: Tensor, body: Block,
    num_scan_inputs: int, outputs: int, directions: tuple[int, ...] = (),
) -> list[Tensor]:  # fmt: skip
    """Walk along time in each row: https://onnx.ai/onnx/operators/text_diff_Scan_8_9.html."""
    if lengths is not None:
        message = "rows of several lengths are not told apart"
        raise ValueError(message)
    row = _Row(body, (lengths, *given))
    rows = [
        scan(
            device, *(each[at] for each in given[: body.takes]), body=row,
            num_scan_inputs=num_scan_inputs, outputs=outputs,
            scan_input_directions=directions,
        )
        for at in range(len(given[0]))
    ]  # fmt: skip
    return [
        torch.stack([each for each in column if isinstance(each, Tensor)])
        for column in zip(*rows, strict=True)
    ]


HANDLERS: Mapping[str, Handler] = {
    "BatchScan": Handler(scan_batch, many=True, domain="transcoder"),
    "If": Handler(branch, many=True),
    "Loop": Handler(loop, many=True),
    "Scan": Handler(scan, many=True),
}
