"""Makes recipes/worlds/digits: scikit-learn's handwritten digits and two networks on them.

Both learn from training rows alone, and validation rows choose the epoch. Half a minute on one
core.
"""

import argparse
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.datasets import load_digits
from torch import Tensor, nn

from transcoder.data import group_of_content
from transcoder.vocabulary import Split, SplitShares, split_of

_FOLDER = Path(__file__).parents[1] / "recipes" / "worlds" / "digits"
_SHARES = SplitShares(test=0.2, validation=0.1, salt="digits")
_EPOCHS, _BATCH = 60, 64
_HEAD = """\
# Quality of the networks of the digits world

Measured by `scripts/make_digits_world.py`. Networks learn from training rows, and validation
rows choose the epoch. A row is right where the highest score is that of its class.

| network | latent | validation rows | right | test rows | right |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Digits:
    """Rows of pixels in [0, 16], (row, 64), and their classes, (row)."""

    pixels: NDArray[np.float32]
    classes: NDArray[np.int64]

    def rows(self, split: Split) -> NDArray[np.int64]:
        """Give the numbers of the rows of a split, by what they hold."""
        places = [split_of(group_of_content({"pixels": row}), _SHARES) for row in self.pixels]
        return np.flatnonzero([place is split for place in places])


def dense() -> tuple[nn.Module, nn.Module]:
    """Make an encoder to 32 numbers, and its head."""
    encoder = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 32), nn.Tanh())
    return _Scaled(encoder), _Head(32)


def conv() -> tuple[nn.Module, nn.Module]:
    """Make a convolutional encoder to 48 numbers, and its head."""
    encoder = nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 24, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(24 * 16, 48), nn.ReLU(),
    )  # fmt: skip
    return _Scaled(encoder), _Head(48)


class _Scaled(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: Tensor) -> Tensor:
        hidden: Tensor = self.net(pixels / 16)
        return hidden


class _Head(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self.net(hidden).unsqueeze(1)
        return logits


def share_right(halves: tuple[nn.Module, nn.Module], digits: Digits, split: Split) -> float:
    """Measure the accuracy on the rows of a split."""
    rows = digits.rows(split)
    with torch.no_grad():
        logits = halves[1](halves[0](torch.from_numpy(digits.pixels[rows])))[:, 0]
    return float((logits.argmax(1).numpy() == digits.classes[rows]).mean())


def fit(halves: tuple[nn.Module, nn.Module], digits: Digits, seed: int) -> None:
    """Learn from the training rows; keep the epoch that is best on the validation rows."""
    whole = nn.Sequential(*halves)
    optimizer = torch.optim.AdamW(whole.parameters(), 2e-3, weight_decay=1e-2)
    rows, best, kept = torch.from_numpy(digits.rows(Split.TRAIN)), -1.0, whole.state_dict()
    pixels, classes = torch.from_numpy(digits.pixels), torch.from_numpy(digits.classes)
    for epoch in range(_EPOCHS):
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed + epoch))
        for some in rows[order].split(_BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(whole(pixels[some])[:, 0], classes[some])
            loss.backward()
            optimizer.step()
        right = share_right(halves, digits, Split.VALIDATION)
        if right > best:
            best, kept = right, copy.deepcopy(whole.state_dict())
    whole.load_state_dict(kept)


def export(half: nn.Module, example: Tensor, ends: tuple[str, str], path: Path) -> None:
    """Write a half as an ONNX file that takes any number of rows."""
    source, target = ends
    program = torch.onnx.export(
        half.eval(), (example,), dynamo=True, opset_version=20, verbose=False,
        input_names=[source], output_names=[target], dynamic_shapes=({0: "batch"},),
    )  # fmt: skip
    model = program.model_proto
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--to", type=Path, default=_FOLDER, help="folder to write (%(default)s)"
    )
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # the order of sums, and so the weights, depend on it
    torch.use_deterministic_algorithms(mode=True)
    bundled = load_digits()
    digits = Digits(bundled.data.astype(np.float32), bundled.target.astype(np.int64))
    np.savez_compressed(folder / "digits.npz", pixels=digits.pixels, **_classes(digits))
    lines = []
    for seed, (name, make, dim) in enumerate((("Dense", dense, 32), ("Conv", conv, 48))):
        torch.manual_seed(seed)  # noqa: TID251  # a script is a program of its own
        halves = make()
        fit(halves, digits, seed)
        export(
            halves[0], torch.zeros(2, 64), ("pixels", "hidden"), folder / f"{name}.encoder.onnx"
        )
        export(
            halves[1], torch.zeros(2, dim), ("hidden", "logits"), folder / f"{name}.head.onnx"
        )
        found = [
            f"{len(digits.rows(split))} | {share_right(halves, digits, split):.4f}"
            for split in (Split.VALIDATION, Split.TEST)
        ]
        lines.append(f"| {name} | {dim} | {' | '.join(found)} |\n")
    (folder / "QUALITY.md").write_text(_HEAD + "".join(lines), encoding="utf-8")


def _classes(digits: Digits) -> Mapping[str, NDArray[np.int64]]:
    return {"class": digits.classes}


if __name__ == "__main__":
    main()
