"""Stitch six small nets for handwritten digits, by each rung of the ladder and by peers.

python benchmarks/ladder.py [--pairs 10,30,100,1297] [--json FILE]

Each of six multilayer perceptrons is cut behind its hidden layer. For each of the 30 ordered
pairs of them a map is fitted on so many paired latents; the second net's head then reads what
the map gives. Of each set of pairs, a fifth chooses the strength of ridge and the rank, and
stops nothing else. Self-learning has, besides, all other training rows of both nets, each side
in an order of its own. With `--pairs 0` no pair is told and no row stands on both sides: each
has one half of the training rows, and a map is looked for that these clouds alone give.
Accuracy is over 500 images that no net and no map has seen, with a 95 % bootstrap interval over
images; seconds are the median of one fit.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from itertools import permutations
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from transcoder.adapters import (
    Affine,
    Moments,
    Pools,
    ResidualSettings,
    Statistics,
    build_adapter,
    fit_identity,
    fit_mean,
    fit_procrustes,
    fit_reduced_rank,
    fit_ridge,
    fit_self_learning,
    fit_unpaired,
)
from transcoder.errors import UnpairedError
from transcoder.evaluation import Bootstrap
from transcoder.vocabulary import Spec

Rows: TypeAlias = NDArray[np.float64]
Map: TypeAlias = Callable[[Rows], Rows]
Fit: TypeAlias = Callable[[Rows, Rows, Pools], Map]
"""From paired latents, and latents of both nets whose partners are not told, to a map."""

NETS = ((32, "relu"), (48, "relu"), (64, "relu"), (32, "tanh"), (48, "tanh"), (64, "tanh"))
"""Width and activation of each hidden layer; the place is the seed."""
TEST_ROWS = 500
STEPS = 100
FEW = 50
"""Below so many pairs the net starts from Procrustes, from ridge above."""


@dataclass(frozen=True)
class Net:
    """A trained classifier, cut behind its hidden layer."""

    latents: Rows
    test_latents: Rows
    weight: Rows
    bias: Rows

    def answers(self, latents: Rows) -> NDArray[np.int64]:
        """Read digits off latents (row, dim)."""
        return (latents @ self.weight + self.bias).argmax(axis=1)


@dataclass(frozen=True)
class Line:
    """What one method reached with so many pairs, over all ordered pairs of nets."""

    pairs: int
    method: str
    accuracy: float
    low: float
    high: float
    fit_seconds: float


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pairs", type=_counts, default="10,30,100,1297", help="how many paired latents"
    )
    parser.add_argument("--json", type=Path, help="also write the table there")
    options = parser.parse_args()
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[TEST_ROWS:], order[:TEST_ROWS]
    nets = [_net(images / 16, digits, train, test, seed) for seed in range(len(NETS))]
    native = np.mean([net.answers(net.test_latents) == digits[test] for net in nets])
    _say(f"native accuracy {native:.3f}, {len(nets) * (len(nets) - 1)} ordered pairs of nets")
    _say(f"{'pairs':>6} {'method':<19} {'accuracy':>8}  95 % interval   fit")
    lines, methods = [], _methods()
    for count in options.pairs:
        for line in _lines(nets, digits[test], count, methods):
            lines.append(line)
            _say(
                f"{line.pairs:>6} {line.method:<19} {line.accuracy:>8.3f}  "
                f"[{line.low:.3f}, {line.high:.3f}]  {line.fit_seconds * 1e3:8.2f} ms"
            )
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(line) for line in lines], indent=1))


def _counts(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _lines(
    nets: list[Net], digits: NDArray[np.int64], count: int, methods: dict[str, Fit]
) -> Iterator[Line]:
    random = np.random.default_rng(count)
    rows, others = np.split(random.permutation(len(nets[0].latents)), [count])
    hidden = random.permutation(others)
    if not count:
        methods = {"no pairs": _without_pairs}
        others, hidden = np.array_split(hidden, 2)
    for name, fit in methods.items():
        right, seconds = [], []
        if name == "self-learning" and not len(others):
            continue
        for source, target in permutations(nets, 2):
            pools = Pools(source.latents[others], target.latents[hidden])
            began = time.perf_counter()
            apply = fit(source.latents[rows], target.latents[rows], pools)
            seconds.append(time.perf_counter() - began)
            right.append(target.answers(apply(source.test_latents)) == digits)
        per_row = np.mean(right, axis=0)
        interval = Bootstrap(1000).mean(per_row)
        if interval is not None:
            mean = float(per_row.mean())
            yield Line(
                len(rows), name, mean, interval.low, interval.high, float(np.median(seconds))
            )


def _methods() -> dict[str, Fit]:
    methods: dict[str, Fit] = {
        "no map": lambda x, y, _: fit_identity(Moments.of([(x, y)])).apply,
        "mean": lambda x, y, _: fit_mean(Moments.of([(x, y)])).apply,
        "least squares": _least_squares,
        "procrustes": lambda x, y, _: fit_procrustes(Moments.of([(x, y)]), scale=True).apply,
        "reduced rank": lambda x, y, _: _reduced_rank(x, y).apply,
        "ridge": lambda x, y, _: _ridge(x, y).apply,
        "self-learning": lambda x, y, pools: fit_self_learning(*_halves(x, y), pools).apply,
        "residual net": _residual,
    }
    try:
        aligner = import_module("latentis.transform.translate.aligner")
        functional = import_module("latentis.transform.translate.functional")
    except ImportError:
        _say("latentis is not installed; it is left out")
        return methods

    def centred_svd(x: Rows, y: Rows, _: Pools) -> Map:
        shift, back = x.mean(axis=0), y.mean(axis=0)
        fitted = aligner.MatrixAligner("svd", functional.svd_align_state)
        fitted.fit(x=_tensor(x - shift, y), y=_tensor(y - back, x))
        return lambda rows: _given(fitted, _tensor(rows - shift, y), y) + back

    def scaled_svd(x: Rows, y: Rows, _: Pools) -> Map:
        fitted = aligner.Procrustes()
        fitted.fit(x=torch.from_numpy(x), y=torch.from_numpy(y))
        return lambda rows: _given(fitted, torch.from_numpy(rows), y)

    return methods | {"latentis svd": centred_svd, "latentis Procrustes": scaled_svd}


def _tensor(rows: Rows, other: Rows) -> torch.Tensor:
    """Pad rows with zeros to the width of others, where these are wider."""
    missing = max(other.shape[1] - rows.shape[1], 0)
    return torch.from_numpy(np.pad(rows, ((0, 0), (0, missing))))


def _given(fitted: Any, rows: torch.Tensor, wanted: Rows) -> Rows:
    return np.asarray(fitted.transform(rows)[0].numpy()[:, : wanted.shape[1]])


def _net(
    images: Rows, digits: Rows, train: NDArray[np.int64], test: NDArray[np.int64], seed: int
) -> Net:
    width, activation = NETS[seed]
    model = MLPClassifier(
        (width,), activation=activation, random_state=seed, max_iter=60, tol=0.0,
        n_iter_no_change=60, learning_rate_init=5e-3, alpha=1e-3,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so many epochs are meant
        model.fit(images[train], digits[train])
    bend = np.tanh if activation == "tanh" else lambda values: np.maximum(values, 0.0)
    latents = bend(images @ model.coefs_[0] + model.intercepts_[0])
    return Net(latents[train], latents[test], model.coefs_[1], model.intercepts_[1])


def _halves(x: Rows, y: Rows) -> tuple[Moments, Moments]:
    chosen = max(len(x) // 5, 1)
    return Moments.of([(x[chosen:], y[chosen:])]), Moments.of([(x[:chosen], y[:chosen])])


def _ridge(x: Rows, y: Rows) -> Affine:
    return fit_ridge(*_halves(x, y))


def _reduced_rank(x: Rows, y: Rows) -> Affine:
    training, validation = _halves(x, y)
    return fit_reduced_rank(training, validation, ridge=fit_ridge(training, validation))


def _without_pairs(_: Rows, __: Rows, pools: Pools) -> Map:
    """Look for a map that two clouds alone give; where it is given up the mean stands in."""
    try:
        return fit_unpaired(pools).affine.apply
    except UnpairedError as error:
        _say(f"  {error}")
        return lambda rows: np.tile(pools.target.mean(axis=0), (len(rows), 1))


def _least_squares(x: Rows, y: Rows, _: Pools) -> Map:
    shift, back = x.mean(axis=0), y.mean(axis=0)
    weight = np.linalg.lstsq(x - shift, y - back, rcond=None)[0]
    return lambda rows: np.asarray((rows - shift) @ weight + back)


def _residual(x: Rows, y: Rows, _: Pools) -> Map:
    """Train the residual core with the whole set of pairs at each step."""
    source = Spec.parse(f"a: float32[batch, {x.shape[1]}]")
    target = Spec.parse(f"b: float32[batch, {y.shape[1]}]")
    start = fit_procrustes(Moments.of([(x, y)]), scale=True) if len(x) < FEW else _ridge(x, y)
    core = build_adapter(
        ResidualSettings(hidden=64, depth=1), source, target=target, start=start,
        statistics=Statistics.of(Moments.of([(x, y)])),
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(core.parameters(), 1e-3)
    given, wanted = torch.from_numpy(x).float(), torch.from_numpy(y).float()
    for _ in range(STEPS):
        optimizer.zero_grad()
        (core({"a": given})["b"] - wanted).square().mean().backward()
        optimizer.step()

    def apply(rows: Rows) -> Rows:
        with torch.no_grad():
            return core({"a": torch.from_numpy(rows).float()})["b"].double().numpy()

    return apply


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
