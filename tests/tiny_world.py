"""A world of two-letter words: two encoders and a decoder, exact by construction."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WIDTH = 32
SYMBOLS = len(ascii_lowercase) + 1

WORLD = """
modality_types:
  text: {parameters: [L], payload: text, scored_against: [{by: exact_match, against: text<L>}]}
  tokens: {parameters: [V]}
  logits: {parameters: [V], scored_against: [{by: cross_entropy, against: tokens<V>}]}
modalities:
  text<en>:
  text<de>:
  tokens<Ann>: {spec: ["tokens: int64[batch, time]"]}
  tokens<Ben>: {spec: ["tokens: int64[batch, time]"]}
  tokens<Cleo>: {spec: ["tokens: int64[batch, time]"]}
  logits<Cleo>: {spec: ["logits: float32[batch, 2, 27]"]}
  "{A}": {spec: ["hidden: float32[batch, 32]"]}
  text_latent@1: {spec: ["hidden: float32[batch, 32]"], founder: B}
oracle_types:
  tokenizer: {source: text<L>, target: tokens<V>}
  decoder: {source: logits<V>, target: text<L>}
oracles:
  A.tokenizer:
    type: tokenizer
    source: text<en>
    target: tokens<Ann>
    entry_point: transcoder.oracles:CharacterTokenizer
    version: "1"
    parameters: {alphabet: abcdefghijklmnopqrstuvwxyz}
  B.tokenizer:
    type: tokenizer
    source: text<en>
    target: tokens<Ben>
    entry_point: transcoder.oracles:CharacterTokenizer
    version: "1"
    parameters: {alphabet: abcdefghijklmnopqrstuvwxyz}
  C.tokenizer:
    type: tokenizer
    source: text<de>
    target: tokens<Cleo>
    entry_point: transcoder.oracles:CharacterTokenizer
    version: "1"
    parameters: {alphabet: abcdefghijklmnopqrstuvwxyz}
  C.decoder:
    type: decoder
    source: logits<Cleo>
    target: text<de>
    entry_point: transcoder.oracles:GreedyDecoder
    version: "1"
    parameters: {alphabet: abcdefghijklmnopqrstuvwxyz}
dataset_types:
  parallel_text: [text<A>, text<B>]
datasets:
  words:
    type: parallel_text
    loader: huggingface
    options: {path: csv, data_files: words.csv}
    columns: {english: text<en>, german: text<de>}
    group: english
    stratum: first
models:
  A:
    - {source: tokens<Ann>, target: "{A}", onnx: a.onnx}
  B:
    - {source: tokens<Ben>, target: text_latent@1, onnx: b.onnx}
    - {source: text_latent@1, target: logits<Cleo>, onnx: decoder.onnx}
"""


def write_tiny_world(folder: Path, *, seed: int = 0) -> Path:
    """Write the world file, its networks and its rows; the German of a word is the word.

    Returns:
        The path of the world file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    first, second = (_table(random) for _ in range(2))
    (folder / "a.onnx").write_bytes(_encoder(first))
    (folder / "b.onnx").write_bytes(_encoder(second))
    (folder / "decoder.onnx").write_bytes(_decoder(second))
    (folder / "a_decoder.onnx").write_bytes(_decoder(first))
    words = ["".join(letters) for letters in product(ascii_lowercase, repeat=2)]
    rows = [f"{word},{word},{'vowel' if word[0] in 'aeiou' else 'other'}" for word in words]
    (folder / "words.csv").write_text("\n".join(["english,german,first", *rows, ""]), "utf-8")
    path = folder / "world.yaml"
    path.write_text(WORLD, encoding="utf-8")
    return path


def _table(random: np.random.Generator) -> NDArray[np.float32]:
    return random.standard_normal((SYMBOLS, WIDTH // 2)).astype(np.float32)


def _encoder(table: NDArray[np.float32]) -> bytes:
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["letters"]),
        helper.make_node("Reshape", ["letters", "shape"], ["hidden"]),
    ]
    shape = np.array([-1, WIDTH], dtype=np.int64)
    return _model(
        nodes,
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "time"])],
        [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["batch", WIDTH])],
        {"table": table, "shape": shape},
    )


def _decoder(table: NDArray[np.float32]) -> bytes:
    directions = table / np.linalg.norm(table, axis=1, keepdims=True)
    nodes = [
        helper.make_node("Reshape", ["hidden", "shape"], ["letters"]),
        helper.make_node("MatMul", ["letters", "weight"], ["scores"]),
        helper.make_node("Mul", ["scores", "ten"], ["logits"]),
    ]
    return _model(
        nodes,
        [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["batch", WIDTH])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2, SYMBOLS])],
        {
            "shape": np.array([-1, 2, WIDTH // 2], dtype=np.int64),
            "weight": np.ascontiguousarray(directions.T),
            "ten": np.array(10.0, dtype=np.float32),
        },
    )


def _model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: dict[str, NDArray[np.generic]],
) -> bytes:
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(list(nodes), "tiny", list(inputs), list(outputs), initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    serialized: bytes = model.SerializeToString()
    return serialized
