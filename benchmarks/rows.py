"""`convert --rows` over a file of vectors beside one matrix product, in one run.

Run:  python benchmarks/rows.py [--rows 1000000] [--width 384] [--repeats 3]

A transcoder of one matrix product with its bias takes a `.npy` file of float32 vectors to
another. The bare loop maps both files and multiplies as many rows at a time by the same matrix,
with numpy; `convert_rows` also compares each stretch with its spec and looks for NaN before and
behind the network. Both take turns. Anonymous memory is read from Linux while they run.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from transcoder.serving import ServingSettings
from transcoder.vocabulary import SegmentKind
from transcoder.workflows import Middleware

_TOGETHER = 2048
_MIB = 2**20


def onnx_file(weight: NDArray[np.float32]) -> bytes:
    """`y = x weight + 1`, (batch, width) to (batch, width)."""
    width = len(weight)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
        for name in ("x", "y")
    ]
    held = {"weight": weight, "bias": np.ones(width, np.float32)}
    weights = [numpy_helper.from_array(each, name) for name, each in held.items()]
    node = helper.make_node("Gemm", ["x", "weight", "bias"], ["y"])
    graph = helper.make_graph([node], "map", ends[:1], ends[1:], weights)
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    return bytes(model.SerializeToString())


def opened(folder: Path, weight: NDArray[np.float32], threads: int) -> Middleware:
    """A registry of one transcoder."""
    settings = ServingSettings(threads=threads)
    middleware = Middleware.open(folder / "registry", create=True, serving=settings)
    with middleware.transaction() as changes:
        for latent in ("{old}", "{new}"):
            changes.register_modality(latent, spec=[f"x: float32[batch, {len(weight)}]"])
        file = onnx_file(weight)
        kind, names = SegmentKind.TRANSCODER, {"target.x": "y"}
        changes.register_model("map", "{old}", "{new}", file, kind=kind, names=names)
        for latent in ("{old}", "{new}"):  # a private latent is held by a network of its own
            changes.register_model(f"of {latent}", latent, latent, file, names=names)
    return middleware


def write_rows(place: Path, rows: int, width: int) -> None:
    """Draw vectors, a stretch at a time."""
    random = np.random.default_rng(0)
    array = np.lib.format.open_memmap(place, "w+", dtype=np.float32, shape=(rows, width))
    for start in range(0, rows, 65536):
        part = array[start : start + 65536]
        part[:] = random.standard_normal(part.shape, dtype=np.float32)
    array.flush()


def bare(given: Path, made: Path, weight: NDArray[np.float32]) -> None:
    """Multiply, from one mapped file into another."""
    rows = np.load(given, mmap_mode="r")
    array = np.lib.format.open_memmap(made, "w+", dtype=np.float32, shape=rows.shape)
    for start in range(0, len(rows), _TOGETHER):
        array[start : start + _TOGETHER] = rows[start : start + _TOGETHER] @ weight + 1
    array.flush()


def anonymous_mib() -> float:
    """Anonymous memory of this process."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def measured(action: Callable[[], object]) -> tuple[float, float]:
    """Time a call, and watch by how many MiB anonymous memory grew at most."""
    stop, before, seen = threading.Event(), anonymous_mib(), [0.0]

    def watch() -> None:
        while not stop.wait(0.02):
            seen.append(anonymous_mib() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    action()
    seconds = time.perf_counter() - start
    stop.set()
    watcher.join()
    return seconds, max(seen)


def main() -> None:
    """Print medians, and memory at a tenth of the rows and at all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    random = np.random.default_rng(1)
    weight = random.standard_normal((asked.width, asked.width)).astype(np.float32) / 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        middleware = opened(folder, weight, asked.threads)
        path = middleware.get_path("{old}", "{new}", ["map"])
        for rows in (asked.rows // 10, asked.rows):
            given, made = folder / "given.npy", folder / "made.npy"
            write_rows(given, rows, asked.width)
            actions = {
                "one matrix product": partial(bare, given, made, weight),
                "convert_rows": partial(middleware.convert_rows, str(given), path, made),
            }
            found: dict[str, list[tuple[float, float]]] = {key: [] for key in actions}
            for _ in range(asked.repeats):
                for key, action in actions.items():
                    found[key].append(measured(action))
            tell(rows, found)
            last = [np.load(each, mmap_mode="r")[-1] for each in (given, made)]
            print(f"differ by at most {np.abs(last[0] @ weight + 1 - last[1]).max():.0e}")
        middleware.close()


def tell(rows: int, found: dict[str, list[tuple[float, float]]]) -> None:
    """Print one size."""
    seconds = {
        key: statistics.median(each for each, _ in pairs) for key, pairs in found.items()
    }
    for key, pairs in found.items():
        grown = max(mib for _, mib in pairs)
        ratio = seconds[key] / seconds["one matrix product"]
        print(
            f"{rows:>9,} rows  {key:20} {seconds[key]:7.2f} s {rows / seconds[key]:>11,.0f} "
            f"rows/s  {ratio:5.2f}x  {grown:6.1f} MiB anonymous memory more"
        )


if __name__ == "__main__":
    main()
