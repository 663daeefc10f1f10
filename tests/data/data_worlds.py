"""A world of three edges, text => tokens -> hidden -> vector, and words to take along it.

The oracle notes every text that it sees in the file that `TINY_LOG` names, and waits for
`TINY_DELAY_S` at each, so that other processes can be watched and killed.
"""

import os
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from transcoder.data import LatentStore, StoredTensors, Table, materialize
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import (
    Array,
    Catalog,
    Dataset,
    EdgePath,
    Exactness,
    JsonValue,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    Payload,
    Route,
    Segment,
    SegmentKey,
    Spec,
    Tensors,
)
from transcoder.vocabulary import Column as DatasetColumn

TABLE = np.arange(256, dtype=np.float32).reshape(128, 2) + 1
SPECS = {
    "tokens": Spec.parse("tokens: int64[batch, time]"),
    "{Hidden}": Spec.parse("hidden: float32[batch, time, 2]", "mask: bool[batch, time]"),
    "{Vector}": Spec.parse("vector: float32[batch, 2]"),
    "{Pairs}": Spec.parse("pairs: float32[batch, time, time]"),
}


class Codes:
    """Text to the codes of its characters."""

    def __call__(self, values: Sequence[str]) -> list[Tensors]:
        for text in values:
            time.sleep(float(os.environ.get("TINY_DELAY_S", "0")))
            if "TINY_LOG" in os.environ:
                with Path(os.environ["TINY_LOG"]).open("a") as log:
                    log.write(f"{text}\n")
        return [{"tokens": np.array([ord(symbol) for symbol in text])} for text in values]


def _model(
    nodes: list[NodeProto],
    inputs: Mapping[str, tuple[int, tuple[str | int, ...]]],
    outputs: Mapping[str, tuple[int, tuple[str | int, ...]]],
    weights: Mapping[str, Array],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return bytes(made.SerializeToString())


_HIDDEN = {
    "hidden": (TensorProto.FLOAT, ("batch", "time", 2)),
    "mask": (TensorProto.BOOL, ("batch", "time")),
}
EMBED = _model(
    [
        helper.make_node("Gather", ["table", "tokens"], ["hidden"]),
        helper.make_node("Greater", ["tokens", "zero"], ["mask"]),
    ],
    {"tokens": (TensorProto.INT64, ("batch", "time"))},
    _HIDDEN,
    {"table": TABLE, "zero": np.array(0)},
)


def logarithm_of_sum(limit: float) -> bytes:
    """A network that gives NaN where the sum of codes stays below the limit."""
    return _model(
        [
            helper.make_node("ReduceSum", ["hidden", "axis"], ["sum"], keepdims=0),
            helper.make_node("Sub", ["sum", "limit"], ["left"]),
            helper.make_node("Log", ["left"], ["vector"]),
        ],
        {"hidden": _HIDDEN["hidden"]},
        {"vector": (TensorProto.FLOAT, ("batch", 2))},
        {"axis": np.array([1]), "limit": np.array(limit, np.float32)},
    )


BLOBS = {sha256(each).hexdigest(): each for each in map(logarithm_of_sum, (0.0, 210.0))}
BLOBS |= {sha256(EMBED).hexdigest(): EMBED}


def segment(source: str, target: str, content: bytes) -> Segment:
    key = SegmentKey("Tiny", Modality.parse(source), Modality.parse(target))
    return Segment(key, digest=sha256(content).hexdigest())


def codes(version: str = "1") -> Oracle:
    ends = Modality.parse("text<en>"), Modality.parse("tokens")
    entry_point = f"{Codes.__module__}:Codes"
    return Oracle("Codes", "Codes", *ends, Exactness.EXACT, entry_point, version)


EMBEDDER = segment("tokens", "{Hidden}", EMBED)
SUMMER = segment("{Hidden}", "{Vector}", logarithm_of_sum(0.0))
TO_VECTOR = EdgePath(Modality.parse("text<en>"), (codes(), EMBEDDER, SUMMER))
TO_HIDDEN = EdgePath(Modality.parse("text<en>"), (codes(), EMBEDDER))


def route(path: EdgePath, column: str = "english") -> Route:
    return Route("words", column, path)


def catalog() -> Catalog:
    types = [
        ModalityType("text", ("L",), Payload.TEXT),
        ModalityType("label", (), Payload.LABEL),
        ModalityType("speech", ("L",), Payload.WAVEFORM),
        ModalityType("numbers", (), Payload.ARRAY),
        ModalityType("image", (), Payload.IMAGE),
        ModalityType("tokens"),
    ]
    names = ("text<en>", "text<de>", "label", "speech<en>", "numbers", "image")
    entries = [ModalityEntry(Modality.parse(name)) for name in names]
    entries += [ModalityEntry(Modality.parse(name), spec) for name, spec in SPECS.items()]
    return Catalog(
        modality_types={each.name: each for each in types},
        modalities={entry.modality: entry for entry in entries},
    )


def runner(batch_size: int = 256) -> Runner:
    sessions = SessionPool(BLOBS.__getitem__, threads=1)
    return Runner(catalog(), sessions, OraclePool([Codes.__module__]), batch_size)


def words(count: int) -> list[str]:
    return ["abcdefghijk"[: 1 + number * 7 % 11] + "xyz"[number % 3] for number in range(count)]


def table(texts: Sequence[str]) -> Table:
    return Table("words", {"english": list(texts)}, groups=list(texts))


def stored(
    root: Path, path: EdgePath, texts: Sequence[str], batch_size: int = 4
) -> StoredTensors:
    return materialize(
        route(path),
        table(texts),
        catalog=catalog(),
        runner=runner(),
        store=LatentStore(root),
        batch_size=batch_size,
    )


def dataset(loader: str, options: Mapping[str, JsonValue], **columns: str) -> Dataset:
    """A dataset whose first column is its group."""
    named = tuple(DatasetColumn(name, Modality.parse(text)) for name, text in columns.items())
    return Dataset("words", "words", loader, options, named, group=named[0].name)
