"""Reading stored latents beside numpy, Arrow and datasets, on files of the same numbers.

Run:  python benchmarks/store.py [--rows 1000000] [--repeats 300] [--quick]

Rows of 512 float32, and rows of 4 to 12 steps of 64 float32, as many numbers on the average.
Each reader maps a file, whose pages are cached, and gives what it reads in memory of its own:
one random row, 256 random rows, and 100,000 rows in order, 256 at a time. Ragged batches are
padded by our store and by hand over numpy; Arrow and datasets leave them ragged. Readers take
turns, medians; below each time stands how often ours fits into it. At last our fixed and our
ragged rows take turns.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import datasets
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transcoder.data import LatentStore, StoredTensors
from transcoder.vocabulary import Spec

DIM, STEP_DIM, BATCH, PIECE, SCANNED = 512, 64, 256, 8192, 100_000
SPECS = {
    "fixed": Spec.parse(f"x: float32[batch, {DIM}]"),
    "ragged": Spec.parse(f"x: float32[batch, time, {STEP_DIM}]"),
}
GOALS = {"row": 20e-6, "batch": 1e-3}

Rows: TypeAlias = NDArray[np.int64]
Reader: TypeAlias = Callable[[Rows], object]


def lengths_of(kind: str, rows: int) -> Rows:
    """Draw how many numbers each row has, (row)."""
    if kind == "fixed":
        return np.full(rows, DIM)
    return np.random.default_rng(1).integers(4, 13, rows) * STEP_DIM


def write_numbers(file: Path, count: int) -> NDArray[np.float32]:
    """Write so many numbers and map them, float32 (number)."""
    random = np.random.default_rng(0)
    with file.open("wb") as written:
        for start in range(0, count, PIECE * DIM):
            size = min(PIECE * DIM, count - start)
            random.standard_normal(size, dtype=np.float32).tofile(written)
    return np.memmap(file, np.float32, mode="r")


def write_store(
    folder: Path, kind: str, numbers: NDArray[np.float32], offsets: Rows
) -> StoredTensors:
    """Put rows into a latent store and open them."""
    store, key, rows = LatentStore(folder), "0" * 64, len(offsets) - 1
    with store.writer(key, spec=SPECS[kind], rows=rows, route=kind) as writer:
        for start in range(0, rows, PIECE):
            ends = offsets[start : start + PIECE + 1]
            flat = numbers[ends[0] : ends[-1]]
            if kind == "fixed":
                writer.append({"x": flat.reshape(-1, DIM)})
                continue
            pieces = np.split(flat.reshape(-1, STEP_DIM), (ends[1:-1] - ends[0]) // STEP_DIM)
            writer.append({"x": pieces})
        writer.finish()
    return store.open(key)


def write_arrow(file: Path, kind: str, numbers: NDArray[np.float32], offsets: Rows) -> pa.Array:
    """Write rows as one Arrow batch of lists and map it."""
    values = pa.array(numbers)
    lists = (
        pa.FixedSizeListArray.from_arrays(values, DIM)
        if kind == "fixed"
        else pa.LargeListArray.from_arrays(pa.array(offsets), values)
    )
    table = pa.table({"x": lists})
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table, max_chunksize=len(table))
    column = pa.ipc.open_stream(pa.memory_map(str(file))).read_all().column(0)
    return column.chunk(0)


def padded(steps: NDArray[np.float32], offsets: Rows) -> Reader:
    """Read ragged rows by hand, (batch, time, 64)."""

    def read(rows: Rows) -> NDArray[np.float32]:
        starts, ends = offsets[rows], offsets[rows + 1]
        batch = np.zeros((len(rows), (ends - starts).max(), STEP_DIM), np.float32)
        for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
            batch[place, : end - start] = steps[start:end]
        return batch

    return read


def write_all(folder: Path, kind: str, rows: int) -> tuple[StoredTensors, dict[str, Reader]]:
    """Write the same rows for every reader; give ours, and the others by name."""
    offsets = np.concatenate([[0], np.cumsum(lengths_of(kind, rows))])
    numbers = write_numbers(folder / "numbers", int(offsets[-1]))
    stored = write_store(folder / "store", kind, numbers, offsets)
    column = write_arrow(folder / "arrow", kind, numbers, offsets)
    loaded = datasets.Dataset.from_file(str(folder / "arrow")).with_format("torch")
    if kind == "fixed":
        table = numbers.reshape(-1, DIM)
        flat = column.flatten().to_numpy(zero_copy_only=True).reshape(-1, DIM)
        by_numpy, by_arrow = (lambda take: table[take]), (lambda take: flat[take])
    else:
        by_numpy = padded(numbers.reshape(-1, STEP_DIM), offsets // STEP_DIM)

        def by_arrow(take: Rows) -> object:
            return column.take(pa.array(take)).flatten().to_numpy()

    return stored, {
        "numpy memmap": by_numpy,
        "Arrow zero-copy": by_arrow,
        "datasets torch": lambda take: loaded[take]["x"],
    }


def draws(rows: int, count: int, size: int) -> list[Rows]:
    """Draw row numbers, so many at a time."""
    random = np.random.default_rng(2)
    return [random.integers(0, rows, size) for _ in range(count)]


def medians(found: Mapping[str, Reader], picks: list[Rows]) -> dict[str, float]:
    """Time readers in turns on the same rows, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for pick in picks:
        for name, read in found.items():
            start = time.perf_counter()
            read(pick)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def scan(read: Reader, rows: int) -> float:
    """Time a reader on rows in order, in seconds."""
    start = time.perf_counter()
    for first in range(0, rows, BATCH):
        read(np.arange(first, min(first + BATCH, rows)))
    return time.perf_counter() - start


def measure(
    stored: StoredTensors, others: Mapping[str, Reader], rows: int, repeats: int
) -> dict[str, dict[str, float]]:
    """Measure all readings of one kind of rows, in seconds."""
    found: dict[str, Reader] = {"store": stored.take, **others}
    for name in list(found)[:3]:
        scan(found[name], rows)  # brings all pages into memory
    scanned = min(rows, SCANNED)
    return {
        "row": medians(found, draws(rows, 10 * repeats, 1)),
        "batch": medians(found, draws(rows, repeats, BATCH)),
        "scan": {name: scan(read, scanned) / scanned for name, read in found.items()},
    }


def show(kind: str, found: Mapping[str, Mapping[str, float]], rows: int) -> None:
    """Print times and how often ours fits into them."""
    print(f"\n{kind}, {rows:,} rows: microseconds for a row and a batch, rows/s for the scan")
    print(f"  {'':>8}" + "".join(f"{name:>17}" for name in found["row"]))
    for reading, times in found.items():
        shown = [1 / each if reading == "scan" else each * 1e6 for each in times.values()]
        print(f"  {reading:>8}" + "".join(f"{each:17,.1f}" for each in shown))
        print(f"  {'':>8}" + "".join(f"{t / times['store']:16.2f}x" for t in times.values()))


def show_goals(ours: Mapping[str, StoredTensors], rows: int, repeats: int) -> None:
    """Print fixed beside ragged rows, and the goals."""
    found = {kind: stored.take for kind, stored in ours.items()}
    print("\nthe store, fixed and ragged rows in turns")
    picked = {"row": (10 * repeats, 1), "batch": (repeats, BATCH)}
    for reading, (count, size) in picked.items():
        times, goal = medians(found, draws(rows, count, size)), GOALS[reading]
        print(
            f"  a {reading}: {times['fixed'] * 1e6:,.1f} of at most {goal * 1e6:,.0f} us, "
            f"ragged {times['ragged'] / times['fixed']:.2f} of at most 2 times that"
        )


def main() -> None:
    """Print one table for fixed and one for ragged rows, and the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=300, help="batches; ten rows for each")
    parser.add_argument("--quick", action="store_true", help="20,000 rows, 50 repeats")
    asked = parser.parse_args()
    rows, repeats = (20_000, 50) if asked.quick else (asked.rows, asked.repeats)
    ours: dict[str, StoredTensors] = {}
    with tempfile.TemporaryDirectory() as place:
        for kind in SPECS:
            folder = Path(place) / kind
            folder.mkdir()
            ours[kind], others = write_all(folder, kind, rows)
            show(kind, measure(ours[kind], others, rows, repeats), rows)
            for file in ("numbers", "arrow"):  # what is mapped still goes when it is let go of
                (folder / file).unlink()
        show_goals(ours, rows, repeats)


if __name__ == "__main__":
    main()
