"""`convert` along a path beside bare chained ONNX Runtime sessions, in one run.

Run:  python benchmarks/convert.py [--edges 4] [--repeats 200] [--threads 1]

Two chains of as many segments, all of one shape: vectors `float32[batch, 512]` through a hidden
layer of 2,048, and sequences `float32[batch, time, 256]` of 40 steps with their mask through a
hidden layer of 512. The bare loop holds one batch and hands each session's arrays to the next;
`convert_many` takes the rows one by one, checks them, puts them together, looks for NaN behind
every edge, and takes the rows apart again. Both take turns, so that noise falls on both; the
medians are printed, and the time over the bare loop.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from hashlib import sha256

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from transcoder.serving import Converter, ServingSettings
from transcoder.vocabulary import (
    Array,
    Catalog,
    EdgePath,
    Modality,
    ModalityEntry,
    Segment,
    SegmentKey,
    Spec,
    Tensors,
)

_MOST_OVER = 0.05
_MOST_US_AN_EDGE = 50
_STEPS = 40


def onnx_file(axes: list[str | int], hidden: int, seed: int, *, masked: bool) -> bytes:
    """A layer, a ReLU, a layer; a mask passes as it is."""
    random, width = np.random.default_rng(seed), int(axes[-1])
    shapes = {"in": (width, hidden), "out": (hidden, width)}
    weights = [
        numpy_helper.from_array(
            (random.standard_normal(shape) / shape[0] ** 0.5).astype(np.float32), name
        )
        for name, shape in shapes.items()
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "in"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "out"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, axes)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, axes)]
    if masked:
        nodes.append(helper.make_node("Identity", ["m"], ["n"]))
        inputs.append(helper.make_tensor_value_info("m", TensorProto.BOOL, axes[:2]))
        outputs.append(helper.make_tensor_value_info("n", TensorProto.BOOL, axes[:2]))
    graph = helper.make_graph(nodes, "net", inputs, outputs, weights)
    opset = helper.make_opsetid("", 18)
    return bytes(
        helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()
    )


class Chain:
    """Segments behind each other, and the same files as bare sessions."""

    def __init__(self, spec: Spec, hidden: int, edges: int, threads: int) -> None:
        self.masked = "mask" in spec.names
        axes = list(spec.tensors[0].axes)
        files = [onnx_file(axes, hidden, seed, masked=self.masked) for seed in range(edges)]
        places = [Modality(f"{{L{number}}}") for number in range(edges + 1)]
        names = {
            "source.hidden": "x", "target.hidden": "y", "source.mask": "m", "target.mask": "n",
        }  # fmt: skip
        self.path = EdgePath(
            places[0],
            tuple(
                Segment(
                    SegmentKey(f"M{number}", places[number], places[number + 1]),
                    digest=sha256(file).hexdigest(),
                    names=names,
                )
                for number, file in enumerate(files)
            ),
        )
        catalog = Catalog(modalities={each: ModalityEntry(each, spec) for each in places})
        blobs = {sha256(file).hexdigest(): file for file in files}
        self.converter = Converter(
            catalog, blobs.__getitem__, allow=(), settings=ServingSettings(threads=threads)
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.sessions = [
            onnxruntime.InferenceSession(
                file, sess_options=options, providers=["CPUExecutionProvider"]
            )
            for file in files
        ]

    def bare(self, batch: dict[str, Array]) -> list[Array]:
        """Hand a batch from session to session."""
        arrays = [batch["hidden"], *([batch["mask"]] if self.masked else [])]
        for session in self.sessions:
            arrays = session.run(None, dict(zip(("x", "m"), arrays, strict=False)))
        return arrays


def rows_of(spec: Spec, count: int) -> list[Tensors]:
    """Draw rows of a spec."""
    random = np.random.default_rng(9)
    shape = tuple(
        axis if isinstance(axis, int) else _STEPS for axis in spec.tensors[0].axes[1:]
    )
    hidden = random.standard_normal((count, *shape)).astype(np.float32)
    mask = np.ones(_STEPS, dtype=bool)
    return [
        {"hidden": row, **({"mask": mask} if "mask" in spec.names else {})} for row in hidden
    ]


def medians(*actions: Callable[[], object], repeats: int) -> list[float]:
    """Time actions in turns, in seconds."""
    times: list[list[float]] = [[] for _ in actions]
    for number in range(repeats + repeats // 10):
        for found, action in zip(times, actions, strict=True):
            start = time.perf_counter()
            action()
            if number >= repeats // 10:
                found.append(time.perf_counter() - start)
    return [statistics.median(found) for found in times]


def compare(name: str, spec: Spec, hidden: int, asked: argparse.Namespace) -> None:
    """Print the lines of one chain."""
    chain = Chain(spec, hidden, asked.edges, asked.threads)
    for size in (1, 32):
        rows = rows_of(spec, size)
        batch = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
        wanted = chain.bare(batch)[0]
        given = list(chain.converter.convert_many(rows, chain.path))
        worst = max(
            float(np.abs(np.asarray(row["hidden"]) - each).max())
            for row, each in zip(given, wanted, strict=True)
            if isinstance(row, dict)
        )
        bare_s, ours_s = medians(
            lambda batch=batch: chain.bare(batch),
            lambda rows=rows: list(chain.converter.convert_many(rows, chain.path)),
            repeats=asked.repeats,
        )
        over_us = (ours_s - bare_s) / asked.edges * 1e6
        over = ours_s / bare_s - 1
        if size == 1:
            met, goal = over_us <= _MOST_US_AN_EDGE, f"{_MOST_US_AN_EDGE} us an edge"
        else:
            met, goal = over <= _MOST_OVER, f"{_MOST_OVER:.0%} over"
        print(
            f"{name:10} {size:6} {bare_s * 1e3:10.3f} ms {ours_s * 1e3:10.3f} ms {over:8.1%} "
            f"{over_us:9.1f} us {worst:9.1e}  {goal}: {'met' if met else 'missed'}"
        )


def main() -> None:
    """Print both chains at batch 1 and 32."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    print(
        f"{'chain':10} {'batch':>6} {'bare':>13} {'convert':>13} {'over':>8} "
        f"{'an edge':>12} {'differ':>9}  goal"
    )
    compare("vectors", Spec.parse("hidden: float32[batch, 512]"), 2048, asked)
    sequence = ("hidden: float32[batch, time, 256]", "mask: bool[batch, time]")
    compare("sequences", Spec.parse(*sequence), 512, asked)


if __name__ == "__main__":
    main()
