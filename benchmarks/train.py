"""Training on stored latents beside the least that torch can do, and beside plain Lightning.

Run:  python benchmarks/train.py [--rows 20000] [--epochs 6] [--repeats 3] [--threads 1]

First the loop: an MLP 512-1024-512 at batch 256, by AdamW and squared error. Ours reads batches
from the latent store and goes through Lightning with its logs and checkpoints; the bare loop
holds all rows in memory and has nothing else, once with AdamW as torch gives it when nothing is
asked for, once with the fused one that ours takes. What an epoch costs is the difference
between a long and a short fit, so that starting up does not count; all take turns.

Then the whole: frozen encoders of about 1, 20 and 100 million parameters before the adapter. By
hand, a Lightning module runs the encoder in torch at each step. Ours runs it once through ONNX
Runtime into the store, which is counted in, and trains on what is stored.
"""

import argparse
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import torch
from encoders import encoder_file, encoder_net
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from numpy.typing import NDArray
from torch import Tensor, nn

from transcoder.adapters import MlpSettings, Moments, Statistics, build_adapter, fit_ridge
from transcoder.data import LatentStore, StoredTensors, load_table, materialize
from transcoder.registry import Registry
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.training import (
    Feed,
    FitSettings,
    LatentDataModule,
    LearningGraph,
    ShuffledOrder,
    fit_adapter,
    latent_term,
)
from transcoder.vocabulary import (
    Column,
    Dataset,
    EdgePath,
    Modality,
    Route,
    Spec,
)
from transcoder.workflows import Middleware

DIM, HIDDEN, BATCH = 512, 1024, 256
SOURCE, TARGET = (
    Spec.parse(f"a: float32[batch, {DIM}]"),
    Spec.parse(f"b: float32[batch, {DIM}]"),
)
GOAL = 0.87
ENCODERS = {"1 M": (512, 3), "20 M": (2048, 5), "100 M": (4096, 7)}
"""Width and number of the hidden layers between vectors of 512."""

Rows = NDArray[np.float32]


def pairs(rows: int) -> tuple[Rows, Rows]:
    """Rows (row, 512) and what a bent map makes of them."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, DIM)).astype(np.float32)
    turn = random.standard_normal((DIM, DIM)).astype(np.float32) / DIM**0.5
    return x, np.tanh(x @ turn)


def bare_net() -> nn.Sequential:
    """The same net as the adapter's, without its frame."""
    return nn.Sequential(nn.Linear(DIM, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, DIM))


def train_bare(x: Tensor, y: Tensor, epochs: int, *, fused: bool) -> None:
    """Take the steps that cannot be left out."""
    net = bare_net()
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3, fused=fused)
    for epoch in range(epochs):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
        for start in range(0, len(x), BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.mse_loss(net(x[rows]), y[rows])
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()


def train_ours(data: LatentDataModule, moments: Moments, epochs: int, folder: Path) -> None:
    """Fit as a run does, with its logs and checkpoints, without its bar."""
    statistics_ = Statistics.of(moments)
    adapter = build_adapter(
        MlpSettings(hidden=HIDDEN, depth=1), SOURCE, target=TARGET,
        start=fit_ridge(moments, moments, lambdas=[1e-3]), statistics=statistics_,
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    term = latent_term(TARGET, variance=statistics_.target_variance)
    settings = FitSettings(max_epochs=epochs, accelerator="cpu")
    fit_adapter(
        LearningGraph(adapter, {"rows": [term]}),
        data,
        settings=settings,
        run_dir=folder,
        progress=False,
    )


def stored(
    folder: Path, arrays: Mapping[str, tuple[Spec, Rows]]
) -> Mapping[str, StoredTensors]:
    """Put tables into a latent store and open them."""
    store = LatentStore(folder)
    found = {}
    for number, (part, (spec, rows)) in enumerate(arrays.items()):
        key = f"{number:064x}"
        with store.writer(key, spec=spec, rows=len(rows), route=part) as writer:
            writer.append({spec.names[0]: rows})
            writer.finish()
        found[part] = store.open(key)
    return found


def module_of(parts: Mapping[str, StoredTensors], rows: int) -> LatentDataModule:
    """All rows to learn from, and one batch that chooses."""
    numbers = np.arange(rows, dtype=np.int64)
    feed = Feed("rows", parts, ShuffledOrder(numbers, seed=0), numbers[:BATCH])
    return LatentDataModule([feed], batch_size=BATCH)


def seconds(action: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def time_loops(x: Rows, y: Rows, moments: Moments, epochs: int) -> dict[str, float]:
    """Measure steps per second of both loops once."""
    steps = -(-len(x) // BATCH) * (epochs - 1)
    left, right = torch.from_numpy(x), torch.from_numpy(y)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        parts = stored(folder / "store", {"source": (SOURCE, x), "latent": (TARGET, y)})

        def ours(count: int) -> float:
            data = module_of(parts, len(x))
            return seconds(lambda: train_ours(data, moments, count, folder / f"run{count}"))

        def bare(count: int, *, fused: bool) -> float:
            return seconds(lambda: train_bare(left, right, count, fused=fused))

        fits = {"ours": ours, "bare": partial(bare, fused=False)}
        fits["fused"] = partial(bare, fused=True)
        return {name: steps / (fit(epochs) - fit(1)) for name, fit in fits.items()}


def compare_loops(rows: int, epochs: int, repeats: int) -> None:
    """Print steps per second of both loops."""
    x, y = pairs(rows)
    moments = Moments.of([(x, y)])
    found = [time_loops(x, y, moments, epochs) for _ in range(repeats)]
    mine, bare, fused = (
        statistics.median(each[name] for each in found) for name in ("ours", "bare", "fused")
    )
    print(f"steps per second, MLP {DIM}-{HIDDEN}-{DIM}, batch {BATCH}, {rows:,} rows")
    print(f"  ours                   {mine:8.1f}")
    for name, other in (("bare torch loop", bare), ("bare, AdamW fused", fused)):
        print(f"  {name:<22} {other:8.1f}   ours over it {mine / other:.2f}")
    print(f"goal: {GOAL} or more of the bare loop")


class ByHand(pl.LightningModule):
    """What people write: the encoder frozen, and run at each step."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.net = encoder.requires_grad_(requires_grad=False), bare_net()

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:  # noqa: ARG002  # Lightning's
        """Encode, map, compare."""
        x, y = batch
        with torch.no_grad():
            encoded = self.encoder(x)
        loss = nn.functional.mse_loss(self.net(encoded), y)
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Train the net alone."""
        return torch.optim.AdamW(self.net.parameters(), 1e-3)


def train_by_hand(encoder: nn.Module, x: Rows, y: Rows, epochs: int, folder: Path) -> None:
    """Fit a plain Lightning module."""
    rows = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    loader = torch.utils.data.DataLoader(rows, BATCH, shuffle=True)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hints that a benchmark need not take
        trainer = pl.Trainer(
            max_epochs=epochs, accelerator="cpu", default_root_dir=folder,
            enable_progress_bar=False, enable_model_summary=False, logger=False,
            enable_checkpointing=False,
        )  # fmt: skip
        trainer.fit(ByHand(encoder), loader)


def materialized(file: bytes, x: Rows, folder: Path) -> StoredTensors:
    """Run an encoder once over all rows, through the registry and into the store."""
    np.save(folder / "x.npy", x)
    source, latent = Modality.parse("input<encoder>"), Modality.parse("{encoder}")
    middleware = Middleware.open(folder / "registry", create=True)
    with middleware.transaction() as changes:
        changes.register_modality_type("input", ["N"])
        changes.register_modality("input", ["encoder"], [f"x: float32[batch, {DIM}]"])
        changes.register_modality("{encoder}", [], [f"a: float32[batch, {DIM}]"])
        changes.register_model("encoder", str(source), str(latent), file)
    catalog = middleware.catalog
    dataset = Dataset(
        "rows", "rows", "arrays", {"files": {"x": str(folder / "x.npy")}},
        (Column("x", source),), group="",
    )  # fmt: skip
    (edge,) = catalog.find_current()
    pool = SessionPool(Registry.open(folder / "registry").blob)
    runner = Runner(catalog, pool, OraclePool(()))
    return materialize(
        Route("rows", "x", EdgePath(source, (edge,))), load_table(dataset, catalog),
        catalog=catalog, runner=runner, store=LatentStore(folder / "store"), batch_size=BATCH,
    )  # fmt: skip


def time_encoder(encoder: nn.Sequential, x: Rows, y: Rows, epochs: int) -> tuple[float, ...]:
    """Measure by hand, ours without the encoder, and the encoder once, in seconds."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        by_hand = seconds(lambda: train_by_hand(encoder, x, y, epochs, folder))
        start = time.perf_counter()
        source = materialized(encoder_file(encoder), x, folder)
        once = time.perf_counter() - start
        target = stored(folder / "targets", {"latent": (TARGET, y)})
        moments = Moments.of([(source.array("a"), y)])
        data = module_of({"source": source, **target}, len(x))
        each = seconds(lambda: train_ours(data, moments, epochs, folder / "run"))
    return by_hand, each, once


def compare_encoders(rows: int, epochs: int) -> None:
    """Print the time of whole trainings, and when storing first pays."""
    x, y = pairs(rows)
    print(f"whole training, {rows:,} rows, {epochs} epochs, seconds")
    print(f"  {'encoder':>8} {'by hand':>9} {'ours':>9} {'of it once':>11} {'ratio':>7}  pays")
    for name, (width, depth) in ENCODERS.items():
        by_hand, each, once = time_encoder(encoder_net(DIM, width, depth), x, y, epochs)
        saved = (by_hand - each) / epochs
        first = f"from epoch {max(1, int(-(-once // saved)))}" if saved > 0 else "never"
        shown = (
            f"{by_hand:9.1f} {once + each:9.1f} {once:11.1f} {by_hand / (once + each):6.1f}x"
        )
        print(f"  {name:>8} {shown}  {first}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--encoder-rows", type=int, default=2048)
    parser.add_argument("--encoder-epochs", type=int, default=10)
    parser.add_argument("--skip-encoders", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    compare_loops(asked.rows, asked.epochs, asked.repeats)
    if not asked.skip_encoders:
        compare_encoders(asked.encoder_rows, asked.encoder_epochs)


if __name__ == "__main__":
    main()
