"""Gradients along a path beside native torch: two models of a stretch, at batch 32.

The stretch is a recurrent encoder of one model, an affine transcoder, and a decoder of
another. `convert_many(..., return_gradients=True)` takes 32 rows in and gives 32 values and 32
gradients; native torch runs the original modules forward and backward on the same batch.
Times are medians of interleaved repeats on one thread, of the processor time of this process.

    python benchmarks/gradients.py [--seconds SECONDS] [--json FILE]
"""

import argparse
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from nets import Net
from nets._compare import interleaved
from nets._export import build, export
from rich.console import Console
from torch import Tensor, nn

from transcoder.serving import Converter
from transcoder.vocabulary import (
    Catalog,
    EdgePath,
    Modality,
    ModalityEntry,
    Segment,
    SegmentKey,
    Spec,
)

_BATCH, _TIME = 32, 24


class _Encoder(nn.Module):
    """Frames to a vector, by a bidirectional GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(64, 128, bidirectional=True, batch_first=True)
        self.head = nn.Linear(256, 96)

    def forward(self, frames: Tensor) -> Tensor:
        return self.head(self.rnn(frames)[0].mean(1))


class _Decoder(nn.Module):
    """A vector to frames, by transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.start, self.norm = nn.Linear(96, 8 * 128), nn.LayerNorm(128)
        self.grow = nn.ConvTranspose1d(128, 64, 8, 4, 2)
        self.last = nn.Conv1d(64, 40, 5, padding=2)

    def forward(self, hidden: Tensor) -> Tensor:
        rows = self.norm(self.start(hidden).unflatten(1, (8, 128))).transpose(1, 2)
        return self.last(nn.functional.gelu(self.grow(rows))).transpose(1, 2)


def _feed(*shape: int) -> tuple[Tensor, ...]:
    return (torch.randn(shape, generator=torch.Generator().manual_seed(1)),)


_PIECES = {
    "{Frames}": Spec.parse(f"frames: float32[batch, {_TIME}, 64]"),
    "{A}": Spec.parse("hidden: float32[batch, 96]"),
    "{B}": Spec.parse("hidden: float32[batch, 96]"),
    "{Mels}": Spec.parse("mels: float32[batch, 32, 40]"),
}


def _net(name: str, make: type[nn.Module] | nn.Module, *shape: int) -> Net:
    def built() -> nn.Module:
        return nn.Linear(96, 96) if name == "affine" else make()

    return Net(name, built, lambda *_: _feed(*shape), ({0: "batch"},))


_NETS = (
    _net("encoder", _Encoder, _BATCH, _TIME, 64),
    _net("affine", nn.Linear, _BATCH, 96),
    _net("decoder", _Decoder, _BATCH, 96),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    found = measure(given.seconds)
    for name, number in found.items():
        Console().print(f"{name}: {number:.3g}")
    if given.json:
        given.json.write_text(json.dumps(dict(found), indent=1), encoding="utf-8")


def measure(seconds: float) -> Mapping[str, float]:
    """Compare and time.

    Returns:
        Milliseconds of both, their ratio, and the largest relative difference of gradients.
    """
    native = nn.Sequential(*(build(net) for net in _NETS))
    converter, path = _served()
    rows = _feed(_BATCH, _TIME, 64)[0]
    values = [{"frames": row} for row in rows.numpy()]

    def ours() -> list[np.ndarray]:
        found = converter.convert_many(values, path, return_gradients=True)
        return [each.gradients["frames"] for each in found]

    def theirs() -> Tensor:
        batch = torch.from_numpy(np.stack([each["frames"] for each in values]))
        batch.requires_grad_()
        end = native(batch)
        return torch.autograd.grad(end, batch, torch.ones_like(end))[0]

    wanted = theirs().numpy()
    error = float(np.abs(np.stack(ours()) - wanted).max() / np.abs(wanted).max())
    mine, other = interleaved([ours, theirs], seconds)
    converter.close()
    return {
        "convert with gradients, ms": mine * 1e3, "native torch, ms": other * 1e3,
        "ratio": mine / other, "relative difference": error,
    }  # fmt: skip


def _served() -> tuple[Converter, EdgePath]:
    blobs, edges = {}, []
    modalities = [Modality.parse(text) for text in _PIECES]
    for at, net in enumerate(_NETS):
        content, _ = export(net, "legacy17", None)
        digest = sha256(content).hexdigest()
        blobs[digest] = content
        source, target = modalities[at : at + 2]
        names = _names(content, _PIECES[str(source)], _PIECES[str(target)])
        edges.append(Segment(SegmentKey(net.name, source, target), digest=digest, names=names))
    specs = zip(modalities, _PIECES.values(), strict=True)
    catalog = Catalog(modalities={each: ModalityEntry(each, spec) for each, spec in specs})
    converter = Converter(catalog, blobs.__getitem__, allow=[])
    return converter, EdgePath(modalities[0], tuple(edges))


def _names(content: bytes, source: Spec, target: Spec) -> Mapping[str, str]:
    from transcoder.interchange import read_signature

    signature = read_signature(content, "net")
    return {
        f"source.{source.names[0]}": signature.inputs[0].name,
        f"target.{target.names[0]}": signature.outputs[0].name,
    }


if __name__ == "__main__":
    main()
