"""A world of four edges: text => tokens -> hidden -> vector -> logarithm."""

from collections.abc import Mapping
from hashlib import sha256

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from tests.sessions import tiny_oracles
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import (
    Array,
    Catalog,
    EdgePath,
    Exactness,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    Payload,
    Segment,
    SegmentKey,
    Spec,
)

TABLE = np.arange(256, dtype=np.float32).reshape(128, 2) + 1
SPECS = {
    "tokens": Spec.parse("tokens: int64[batch, time]"),
    "{Hidden}": Spec.parse("hidden: float32[batch, time, 2]", "mask: bool[batch, time]"),
    "{Vector}": Spec.parse("vector: float32[batch, 2]"),
    "{Log}": Spec.parse("vector: float32[batch, 2]"),
}


def model(
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
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    made: ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return bytes(made.SerializeToString())


EMBED = model(
    [
        helper.make_node("Gather", ["table", "ids"], ["hidden"]),
        helper.make_node("Greater", ["ids", "zero"], ["mask"]),
    ],
    {"ids": (TensorProto.INT64, ("batch", "time"))},
    {
        "hidden": (TensorProto.FLOAT, ("batch", "time", 2)),
        "mask": (TensorProto.BOOL, ("batch", "time")),
    },
    {"table": TABLE, "zero": np.array(0)},
)
SUM = model(
    [helper.make_node("ReduceSum", ["hidden", "axis"], ["sum"], keepdims=0)],
    {"hidden": (TensorProto.FLOAT, ("batch", "time", 2))},
    {"sum": (TensorProto.FLOAT, ("batch", 2))},
    {"axis": np.array([1])},
)
LOG = model(
    [
        helper.make_node("Sub", ["in", "limit"], ["left"]),
        helper.make_node("Log", ["left"], ["out"]),
    ],
    {"in": (TensorProto.FLOAT, ("batch", 2))},
    {"out": (TensorProto.FLOAT, ("batch", 2))},
    {"limit": np.array(210, np.float32)},
)
BLOBS = {sha256(content).hexdigest(): content for content in (EMBED, SUM, LOG)}


def segment(source: str, target: str, content: bytes, names: Mapping[str, str]) -> Segment:
    key = SegmentKey("Tiny", Modality.parse(source), Modality.parse(target))
    return Segment(key, digest=sha256(content).hexdigest(), names=names)


def oracle(
    name: str, source: str = "text<en>", target: str = "text<en>", **more: int
) -> Oracle:
    return Oracle(
        name,
        name,
        Modality.parse(source),
        Modality.parse(target),
        Exactness.EXACT,
        f"{tiny_oracles.__name__}:{name}",
        "1",
        more,
    )


CODES = oracle("Codes", target="tokens")
EMBEDDER = segment("tokens", "{Hidden}", EMBED, {"tokens": "ids"})
SUMMER = segment("{Hidden}", "{Vector}", SUM, {"vector": "sum"})
LOGARITHM = segment("{Vector}", "{Log}", LOG, {"source.vector": "in", "target.vector": "out"})


def catalog() -> Catalog:
    types = [
        ModalityType("text", ("L",), Payload.TEXT),
        ModalityType("label", (), Payload.LABEL),
        ModalityType("speech", ("L",), Payload.WAVEFORM),
        ModalityType("picture", (), Payload.IMAGE),
        ModalityType("tokens"),
    ]
    content = [Modality.parse(each) for each in ("text<en>", "label", "speech<en>", "picture")]
    entries = [ModalityEntry(each) for each in content]
    entries += [ModalityEntry(Modality.parse(name), spec) for name, spec in SPECS.items()]
    return Catalog(
        modality_types={each.name: each for each in types},
        modalities={entry.modality: entry for entry in entries},
    )


def path(*edges: Segment | Oracle) -> EdgePath:
    return EdgePath(edges[0].source, edges)


def runner(*, batch_size: int = 256) -> Runner:
    sessions = SessionPool(BLOBS.__getitem__, threads=1)
    return Runner(catalog(), sessions, OraclePool([tiny_oracles.__name__]), batch_size)
