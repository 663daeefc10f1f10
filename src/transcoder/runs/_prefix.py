"""Whether the frozen nets before the adapter are cheaper to run than their latents to read."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from typing_extensions import override

from transcoder.data import LatentStore, StoredTensors, Table, materialize
from transcoder.runs._bureau import Bureau
from transcoder.runs._materials import Source
from transcoder.runs._plan import shared_stretch
from transcoder.stack import build_stack
from transcoder.vocabulary import EdgePath, Route

_BATCHES = 4  # are stored to be read from
_REPEATS = 7


@dataclass(frozen=True, slots=True)
class BatchCosts:
    """What a training step pays to have a batch of latents.

    Attributes:
        read_s: Reading them from the store, seconds.
        run_s: Reading what goes into the nets and running these, seconds.
    """

    read_s: float
    run_s: float

    @property
    def is_live_cheaper(self) -> bool:
        """Whether the nets should run at each step."""
        return self.run_s < self.read_s

    @override
    def __str__(self) -> str:
        shown = "they run at each step" if self.is_live_cheaper else "latents are read"
        return (
            f"a batch is read in {self.read_s * 1e3:.2f} ms and computed by the frozen nets in "
            f"{self.run_s * 1e3:.2f} ms; {shown}"
        )


def with_cheaper_prefix(bureau: Bureau, sources: Mapping[str, Source]) -> Bureau:
    """Let the nets before the adapter run at each step where that is cheaper.

    Args:
        bureau: What is at hand; nothing runs at each step yet.
        sources: The rows of each dataset.
    """
    stretch = shared_stretch(bureau.plan.feeds)
    if not stretch.edges:
        bureau.narrator.say("prefix=auto: no net can run at each step; latents are read")
        return bureau
    if bureau.config.trainer.devices > 1:
        told = "several processes would not measure the same; latents are read"
        bureau.narrator.say(f"prefix=auto: {told}")
        return bureau
    costs = measure_costs(bureau, sources[bureau.plan.feeds[0].dataset.name].table, stretch)
    bureau.narrator.say(f"prefix=auto: {costs}")
    if not costs.is_live_cheaper:
        return bureau
    return replace(bureau, plan=replace(bureau.plan, prefix=stretch))


def measure_costs(bureau: Bureau, table: Table, stretch: EdgePath) -> BatchCosts:
    """Measure both ways on the first rows, pages cached, the medians.

    Args:
        bureau: What is at hand.
        table: The rows of the first feed.
        stretch: The nets that could run at each step.
    """
    feed, size = bureau.plan.feeds[0], bureau.config.data.batch_size
    few = table.subset(np.arange(min(len(table), size * _BATCHES)))
    nets = build_stack(stretch, bureau.registry.blob, bureau.catalog)
    generator = np.random.default_rng(0)
    picks = [generator.integers(0, len(few), size) for _ in range(_REPEATS)]
    with TemporaryDirectory(prefix="transcoder-prefix-") as place:
        store = LatentStore(
            Path(place) / "store", storage_dtype=bureau.config.data.storage_dtype
        )

        def stored(route: Route) -> StoredTensors:
            return materialize(
                route, few, catalog=bureau.catalog, runner=bureau.runner, store=store
            )

        latents, entered = stored(feed.input), stored(feed.stored_input(stretch))

        def run(rows: np.ndarray) -> None:
            given = {name: torch.from_numpy(each) for name, each in entered.take(rows).items()}
            with torch.no_grad():
                nets(given)

        return BatchCosts(_median_s(latents.take, picks), _median_s(run, picks))


def _median_s(action: Callable[[np.ndarray], object], picks: list[np.ndarray]) -> float:
    action(picks[0])
    times = []
    for rows in picks:
        start = time.perf_counter()
        action(rows)
        times.append(time.perf_counter() - start)
    return statistics.median(times)
