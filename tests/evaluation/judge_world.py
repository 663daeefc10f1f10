"""One-letter words, a latent of three numbers, and transcoders that are matrices."""

from hashlib import sha256

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from transcoder.evaluation import Questions, WantedLatents
from transcoder.sessions import OraclePool, Runner, SessionPool
from transcoder.vocabulary import (
    Catalog,
    EdgePath,
    Exactness,
    JudgedChain,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    Payload,
    Scorer,
    Segment,
    SegmentKey,
    SegmentKind,
    Spec,
    Split,
)

TEXT, TOKENS = Modality.parse("text<en>"), Modality.parse("tokens<A>")
SOURCE, LATENT = Modality.parse("{A}"), Modality.parse("text_latent@1")
LOGITS = Modality.parse("logits<A>")
SPECS = {
    TOKENS: Spec.parse("tokens: int64[batch, time]"),
    SOURCE: Spec.parse("hidden: float32[batch, 3]"),
    LATENT: Spec.parse("hidden: float32[batch, 3]"),
    LOGITS: Spec.parse("logits: float32[batch, 1, 3]"),
}
TURN = np.eye(3, dtype=np.float32)[[1, 2, 0]]
"""From the source's latent to the target's."""


class JudgeWorld:
    """The catalog, the runner and the files."""

    def __init__(self, *, decoder: NDArray[np.float32] | None = None) -> None:
        self.files: dict[str, bytes] = {}
        entries = {each: ModalityEntry(each, spec) for each, spec in SPECS.items()}
        catalog = Catalog(
            modality_types={"text": ModalityType("text", ("L",), Payload.TEXT)},
            modalities=entries | {TEXT: ModalityEntry(TEXT)},
        )
        sessions = SessionPool(self.files.__getitem__)
        self.runner = Runner(catalog, sessions, OraclePool())
        weight = np.eye(3, dtype=np.float32) if decoder is None else decoder
        head = self.segment(LATENT, LOGITS, _net("hidden", weight, "logits", [-1, 1, 3]))
        encoder = self.segment(TOKENS, LATENT, _lookup())
        tokenizer = _oracle("CharacterTokenizer", TEXT, TOKENS)
        after = EdgePath(LATENT, (head, _oracle("GreedyDecoder", LOGITS, TEXT)))
        native = EdgePath(TEXT, (tokenizer, encoder)).then(after)
        self.chain = JudgedChain(
            "words", "word", "word", EdgePath(TEXT), after, native, "word", Scorer.EXACT_MATCH
        )

    def segment(self, source: Modality, target: Modality, onnx_bytes: bytes) -> Segment:
        """Keep a file and name it."""
        digest = sha256(onnx_bytes).hexdigest()
        self.files[digest] = onnx_bytes
        key, kind = SegmentKey("T", source, target), SegmentKind.TRANSCODER
        names = {"target.hidden": "given"} if source == SOURCE else {}
        return Segment(key, 1, kind, digest, names=names)

    def transcoder(self, weight: NDArray[np.float32]) -> Segment:
        """Make a transcoder of a matrix, (3, 3)."""
        return self.segment(SOURCE, LATENT, _net("hidden", weight, "given", [-1, 3]))


def words(rows: int, split: Split = Split.TEST) -> Questions:
    """Ask for the letters a and b in turn; the latent of a letter is its one-hot vector."""
    tokens = np.arange(rows) % 2 + 1
    wanted = np.eye(3, dtype=np.float32)[tokens]
    letters = ["?ab"[token] for token in tokens]
    return Questions(
        split,
        {"hidden": wanted @ TURN.T},
        WantedLatents(wanted, np.array([0, 0.5, 0.5])),
        native=letters,
        answers=letters,
        strata=[token + 9 for token in tokens.tolist()],
    )


def _oracle(name: str, source: Modality, target: Modality) -> Oracle:
    entry = f"transcoder.oracles:{name}"
    return Oracle(name, name, source, target, Exactness.EXACT, entry, "1", {"alphabet": "ab"})


def _net(taken: str, weight: NDArray[np.float32], given: str, shape: list[int]) -> bytes:
    nodes = [
        helper.make_node("MatMul", [taken, "weight"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], [given]),
    ]
    start = helper.make_tensor_value_info(taken, TensorProto.FLOAT, ["batch", 3])
    return _model(nodes, start, given, shape, weight)


def _lookup() -> bytes:
    nodes = [
        helper.make_node("Gather", ["weight", "tokens"], ["letters"]),
        helper.make_node("Reshape", ["letters", "shape"], ["hidden"]),
    ]
    start = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "time"])
    return _model(nodes, start, "hidden", [-1, 3], np.eye(3, dtype=np.float32))


def _model(
    nodes: list[onnx.NodeProto],
    start: onnx.ValueInfoProto,
    given: str,
    shape: list[int],
    weight: NDArray[np.float32],
) -> bytes:
    end = helper.make_tensor_value_info(given, TensorProto.FLOAT, ["batch", *shape[1:]])
    held = [
        numpy_helper.from_array(weight, "weight"),
        numpy_helper.from_array(np.array(shape), "shape"),
    ]
    graph = helper.make_graph(nodes, "tiny", [start], [end], held)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    serialized: bytes = model.SerializeToString()
    return serialized
