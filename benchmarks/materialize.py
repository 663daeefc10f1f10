"""Computing latents once, beside a bare ONNX Runtime loop; memory, growth and oracle workers.

Run:  python benchmarks/materialize.py [--rows 40000] [--repeats 3] [--most 1000000] [--quick]

Rows of 512 float32 in a mapped file go in batches of 256 through encoders of about 1 and 6
million parameters, by one thread. The bare loop takes slices of the map through a session and
keeps what comes out in memory. Ours looks for NaN, compares what it reads with the digest of
the column, and writes what comes out to disk with its own digests, synced. The column's digest
is taken once for all routes; it is shown by itself. Both take turns, medians.

Then numbers of rows, each in a process of its own, through a small encoder: seconds and the
peak of anonymous memory (RssAnon). At last an oracle of pure Python that takes half a
millisecond a row, in this process and in 1 and 2 of its own, which run before the clock starts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from encoders import encoder_file, encoder_net

from transcoder.data import LatentStore, StoredTensors, Table, load_table, materialize
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import (
    Catalog,
    Column,
    Dataset,
    Edge,
    EdgePath,
    Exactness,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    Payload,
    Route,
    Segment,
    SegmentKey,
    Spec,
)

DIM, BATCH, PIECE = 512, 256, 8192
GOAL = 0.9
ENCODERS = {"1 M": (512, 3), "6 M": (1536, 3)}
"""Width and number of the hidden layers between vectors of 512."""

VECTOR, LATENT = Modality.parse("vector"), Modality.parse("{Latent}")
TEXT, LENGTH = Modality.parse("text"), Modality.parse("{Length}")
CATALOG = Catalog(
    modality_types={
        "vector": ModalityType("vector"),
        "text": ModalityType("text", (), Payload.TEXT),
    },
    modalities={
        VECTOR: ModalityEntry(VECTOR, Spec.parse(f"x: float32[batch, {DIM}]")),
        LATENT: ModalityEntry(LATENT, Spec.parse(f"a: float32[batch, {DIM}]")),
        TEXT: ModalityEntry(TEXT),
        LENGTH: ModalityEntry(LENGTH, Spec.parse("length: float32[batch]")),
    },
)
NONE = OraclePool(())
ENCODER = Segment(SegmentKey("Encoder", VECTOR, LATENT), digest="e" * 64)


class Slow:
    """An oracle that computes in Python for half a millisecond a text."""

    def __call__(self, values: Sequence[str]) -> list[dict[str, np.ndarray]]:
        """Give the length of each text, late."""
        found = []
        for text in values:
            until = time.thread_time() + 5e-4
            while time.thread_time() < until:
                pass
            found.append({"length": np.array(len(text), np.float32)})
        return found


def write_rows(file: Path, count: int) -> None:
    """Write so many rows of 512 numbers, with flat memory."""
    random = np.random.default_rng(0)
    made = np.lib.format.open_memmap(file, "w+", np.float32, (count, DIM))
    for start in range(0, count, PIECE):
        piece = made[start : start + PIECE]
        piece[:] = random.standard_normal(piece.shape, dtype=np.float32)
    made.flush()


def table_of(file: Path) -> Table:
    """Read the file as a dataset, with the digest of its column."""
    options = {"files": {"x": str(file)}}
    table = load_table(
        Dataset("rows", "rows", "arrays", options, (Column("x", VECTOR),), group=""), CATALOG
    )
    table.column_digest("x")
    return table


def ours(
    table: Table, edge: Edge, store: Path, *, onnx: bytes = b"", oracles: OraclePool = NONE
) -> StoredTensors:
    """Compute what an edge makes of every row, through the store."""
    runner = Runner(CATALOG, SessionPool(lambda _: onnx, threads=1), oracles)
    (column,) = table.column_names
    route = Route(table.name, column, EdgePath(edge.source, (edge,)))
    return materialize(
        route, table, catalog=CATALOG, runner=runner, store=LatentStore(store), batch_size=BATCH
    )


def bare(file: Path, onnx: bytes) -> np.ndarray:
    """Do the least: slices of the map through a session into memory, (row, 512)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        onnx, sess_options=options, providers=["CPUExecutionProvider"]
    )
    rows = np.load(file, mmap_mode="r")
    made = np.empty((len(rows), DIM), np.float32)
    for start in range(0, len(rows), BATCH):
        batch = np.asarray(rows[start : start + BATCH])
        made[start : start + BATCH] = session.run(None, {"x": batch})[0]
    return made


def compare_loops(rows: int, repeats: int) -> None:
    """Print rows per second, ours and bare, for each encoder."""
    print(f"{rows:,} rows through an encoder, rows/s, batch {BATCH}, one thread")
    print(f"  {'encoder':>8} {'bare':>10} {'ours':>10} {'ratio':>6} {'with the digest':>16}")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "x.npy"
        write_rows(file, rows)
        for name, (width, depth) in ENCODERS.items():
            onnx = encoder_file(encoder_net(DIM, width, depth))
            times: list[tuple[float, float, float]] = []
            for turn in range(repeats):
                marks = [time.perf_counter()]
                wanted = bare(file, onnx)
                marks.append(time.perf_counter())
                table = table_of(file)
                marks.append(time.perf_counter())
                made = ours(table, ENCODER, Path(place) / f"{name} {turn}", onnx=onnx)
                marks.append(time.perf_counter())
                np.testing.assert_allclose(made.array("a"), wanted, rtol=1e-4, atol=1e-4)
                times.append(tuple(np.diff(marks)))
            alone, digest, mine = (statistics.median(each) for each in zip(*times, strict=True))
            print(
                f"  {name:>8} {rows / alone:10,.0f} {rows / mine:10,.0f} {alone / mine:6.2f} "
                f"{alone / (mine + digest):16.2f}"
            )
    print(f"  goal {GOAL} or more")


def anonymous_mib() -> float:
    """Tell how much memory of its own this process holds now, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def watched(rows: int) -> dict[str, float]:
    """Materialize so many rows and watch memory meanwhile."""
    peak, is_over = [0.0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.01):
            peak[0] = max(peak[0], anonymous_mib())

    onnx = encoder_file(encoder_net(DIM, 16, 1))
    with tempfile.TemporaryDirectory() as place:
        write_rows(Path(place) / "x.npy", rows)
        before = anonymous_mib()
        threading.Thread(target=watch, daemon=True).start()
        start = time.perf_counter()
        ours(table_of(Path(place) / "x.npy"), ENCODER, Path(place) / "store", onnx=onnx)
        seconds = time.perf_counter() - start
        is_over.set()
    return {"before": before, "peak": peak[0], "seconds": seconds}


def compare_sizes(most: int) -> None:
    """Print time and peak memory at a hundredth, a tenth and all of the rows."""
    print("\nrows through a small encoder, each number in a process of its own")
    print(
        f"  {'rows':>10} {'seconds':>8} {'us a row':>9} {'RssAnon before':>15} {'peak MiB':>9}"
    )
    for rows in (most // 100, most // 10, most):
        command = [sys.executable, __file__, "--watch", str(rows)]
        found = json.loads(subprocess.check_output(command, text=True))  # noqa: S603 # us
        each_us = found["seconds"] / rows * 1e6
        shown = f"{found['seconds']:8.2f} {each_us:9.1f} {found['before']:15.0f}"
        print(f"  {rows:10,} {shown} {found['peak']:9.0f}")


def compare_workers(rows: int) -> None:
    """Print how an oracle that computes in Python goes with the number of processes."""
    print(f"\n{rows:,} rows through an oracle of 0.5 ms a row")
    print(f"  {'processes':>10} {'rows/s':>8} {'ratio':>6}")
    entry = f"{Path(__file__).stem}:Slow"
    oracle = Oracle("Slow", "Slow", TEXT, LENGTH, Exactness.EXACT, entry, "1")
    first = None
    for processes in (0, 1, 2):
        texts = [f"row {number}" for number in range(rows)]
        table = Table("texts", {"text": texts}, groups=texts)
        oracles = OraclePool([Path(__file__).stem], processes=processes)
        oracles.run(oracle, texts[:16])
        with tempfile.TemporaryDirectory() as place:
            start = time.perf_counter()
            ours(table, oracle, Path(place), oracles=oracles)
            rate = rows / (time.perf_counter() - start)
        oracles.close()
        first = first or rate
        print(f"  {processes or 'in this':>10} {rate:8,.0f} {rate / first:6.2f}")


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--most", type=int, default=1_000_000, help="rows for memory")
    parser.add_argument("--oracle-rows", type=int, default=6_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, once")
    parser.add_argument("--watch", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.watch:
        print(json.dumps(watched(asked.watch)))
        return
    share, repeats = (10, 1) if asked.quick else (1, asked.repeats)
    compare_loops(asked.rows // share, repeats)
    compare_sizes(asked.most // share)
    compare_workers(asked.oracle_rows // share)


if __name__ == "__main__":
    main()
