"""A small world of real ONNX files, one multiplication each, to register in many ways."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from transcoder.interchange import read_signature
from transcoder.registry import Noun, Registry, Transaction
from transcoder.vocabulary import (
    Column,
    Dataset,
    DatasetType,
    Exactness,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    OracleType,
    Payload,
    Scorer,
    Scoring,
    Segment,
    SegmentKey,
    SegmentKind,
    Spec,
    SplitShares,
)

EN, DE = Modality.parse("text<en>"), Modality.parse("text<de>")
TOKENS, PRIVATE = Modality.parse("tokens<EnDe>"), Modality.parse("{EnTTS}")
LATENT, LATENT_2 = Modality.parse("text_latent@1"), Modality.parse("text_latent@2")
HIDDEN = Spec.parse("hidden: float32[batch, 8]")
FOUNDER = SegmentKey("EnDe", TOKENS, LATENT)
VOICE = SegmentKey("EnTTS", TOKENS, PRIVATE)
JOINT = SegmentKey("Joint", PRIVATE, LATENT)

NOUNS: tuple[Noun, ...] = (
    ModalityType(
        "text", ("L",), Payload.TEXT, (Scoring(Scorer.EXACT_MATCH, Modality.parse("text<L>")),)
    ),
    ModalityType("tokens", ("V",)),
    ModalityEntry(EN),
    ModalityEntry(DE),
    ModalityEntry(TOKENS, HIDDEN),
    ModalityEntry(PRIVATE, HIDDEN),
    ModalityEntry(LATENT, HIDDEN, founder="EnDe"),
    OracleType("tokenizer", Modality.parse("text<L>"), Modality.parse("tokens<V>")),
    Oracle(
        "tokenizer_en",
        "tokenizer",
        EN,
        TOKENS,
        Exactness.EXACT,
        "transcoder.oracles:CharacterTokenizer",
        "1",
        {"alphabet": "abc", "dropped": [",", "-"], "nested": {"deep": [1, 2.5, None, True]}},
        "Apache-2.0",
    ),
    DatasetType("parallel", (Modality.parse("text<A>"), Modality.parse("text<B>"))),
    Dataset(
        "numbers",
        "parallel",
        "arrays",
        {"path": "/data/numbers.csv"},
        (Column("english", EN), Column("german", DE)),
        "number",
        "digits",
        SplitShares(0.2, 0.1, "salt"),
        "CC0-1.0",
    ),
)


@cache
def onnx_file(factor: int = 1, width: int = 8) -> bytes:
    """`y = x @ (factor * eye)`, (batch, 8) to (batch, width)."""
    weight = numpy_helper.from_array(factor * np.eye(8, width, dtype=np.float32), "weight")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("batch", 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("batch", width))],
        [weight],
    )
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    return bytes(model.SerializeToString())


@cache
def piece(key: SegmentKey, factor: int = 1, width: int = 8) -> Segment:
    """An ordinary segment with the file of that factor."""
    signature = read_signature(onnx_file(factor, width), key.model)
    names = {"source.hidden": "x", "target.hidden": "y"}
    return Segment(key, signature=signature, names=names)


def joint(factor: int = 1, key: SegmentKey = JOINT) -> Segment:
    """A transcoder with the file of that factor."""
    return replace(piece(key, factor), kind=SegmentKind.TRANSCODER)


def fill(transaction: Transaction) -> None:
    """Stage the whole world: all nouns, the founder, the voice and the joint between them."""
    for noun in NOUNS:
        transaction.put(noun)
    transaction.put_segment(piece(FOUNDER), onnx_file())
    transaction.put_segment(piece(VOICE, 2), onnx_file(2))
    transaction.put_segment(joint(3), onnx_file(3))


def filled_registry(root: Path) -> Registry:
    """A registry that holds the whole world, at revision 1."""
    registry = Registry.open(root / "registry")
    with registry.transaction("the world") as transaction:
        fill(transaction)
    return registry
