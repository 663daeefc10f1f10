"""Files of the nets by torch's exporters."""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import nn

from nets._net import Net

EXPORTERS: Mapping[str, tuple[bool, int]] = {
    "dynamo20": (True, 20),
    "dynamo23": (True, 23),
    "legacy17": (False, 17),
}
"""Whether it is the newer exporter, and the opset."""


def build(net: Net) -> nn.Module:
    """Build a net with the same random weights on every call, frozen."""
    torch.manual_seed(0)  # noqa: TID251  # torch's layers take no generator
    module = net.make().eval()
    return module.requires_grad_(False)  # noqa: FBT003  # torch's own signature


def export(net: Net, exporter: str, keep: Path | None) -> tuple[bytes, str]:
    """Export a net, with as many free axes as torch can.

    Returns:
        The file, and which axes are free: "all", "batch" or "none".
    """
    for free in ("all", "batch", "none"):
        place = keep / f"{net.name}.{exporter}.{free}.onnx" if keep else None
        if place and place.exists():
            return place.read_bytes(), free
    error: Exception | None = None
    for free in ("all", "batch", "none"):
        try:
            with _quietly():
                content = _exported(net, exporter, free)
        except Exception as found:  # noqa: BLE001  # torch's exporters raise all kinds
            error = error or found
            continue
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{net.name}.{exporter}.{free}.onnx").write_bytes(content)
        return content, free
    raise RuntimeError(str(error).strip().splitlines()[0][:90]) from error


def _exported(net: Net, exporter: str, free: str) -> bytes:
    dynamo, opset = EXPORTERS[exporter]
    inputs = net.inputs(net.size)
    axes = tuple(
        {
            at: name
            for at, name in each.items()
            if free == "all" or (free == "batch" and at == 0)
        }
        for each in net.axes
    )
    names = [f"input{at}" for at in range(len(inputs))]
    file = io.BytesIO()
    if dynamo:
        dynamic = {at: torch.export.Dim.DYNAMIC for each in axes for at in each}
        shapes = tuple({at: dynamic[at] for at in each} for each in axes)
        program = torch.onnx.export(
            build(net), inputs, dynamo=True, opset_version=opset, dynamic_shapes=shapes,
            input_names=names, verbose=False, optimize=True,
        )  # fmt: skip
        return bytes(program.model_proto.SerializeToString())
    torch.onnx.export(
        build(net), inputs, file, dynamo=False, opset_version=opset, input_names=names,
        dynamic_axes={name: dict(each) for name, each in zip(names, axes, strict=True)},
    )  # fmt: skip
    return file.getvalue()


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Hide what the exporters print, also what they print from C++."""
    logging.disable(logging.CRITICAL)
    sys.stdout.flush()
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # the exporters know no fast path
    kept = [os.dup(number) for number in (1, 2)]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nothing, number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdout.flush()
        for number, place in zip((1, 2), kept, strict=True):
            os.dup2(place, number)
        for each in (*kept, nothing):
            os.close(each)
        torch.backends.mha.set_fastpath_enabled(fast)
        logging.disable(logging.NOTSET)
