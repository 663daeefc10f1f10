"""A world of words of any length, whose networks give sequences as well as vectors."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SYMBOLS = 27
WORLD = """
modality_types:
  text: {parameters: [L], payload: text}
  tokens: {parameters: [V]}
modalities:
  text<en>:
  tokens<Ann>: {spec: ["tokens: int64[batch, time]"]}
  "{Open}": {spec: ["hidden: float32[batch, time, 6]", "mask: bool[batch, time]"]}
  "{Other}": {spec: ["states: float32[batch, time, 8]", "mask: bool[batch, time]"]}
  "{Vector}": {spec: ["sum: float32[batch, 8]"]}
  "{Set}": {spec: ["grid: float32[batch, 2, 4]"]}
oracle_types:
  tokenizer: {source: text<L>, target: tokens<V>}
oracles:
  tokenizer:
    type: tokenizer
    source: text<en>
    target: tokens<Ann>
    entry_point: transcoder.oracles:CharacterTokenizer
    version: "1"
    parameters: {alphabet: abcdefghijklmnopqrstuvwxyz}
dataset_types:
  words: [text<L>]
datasets:
  words:
    type: words
    loader: huggingface
    options: {path: csv, data_files: words.csv}
    columns: {word: text<en>}
    group: word
models:
  Open: [{source: tokens<Ann>, target: "{Open}", onnx: open.onnx}]
  Other: [{source: tokens<Ann>, target: "{Other}", onnx: other.onnx}]
  Vector: [{source: tokens<Ann>, target: "{Vector}", onnx: vector.onnx}]
  Set: [{source: tokens<Ann>, target: "{Set}", onnx: set.onnx}]
"""


def write_sequence_world(folder: Path) -> Path:
    """Write the world file, its networks, and 300 words of one to five letters.

    Returns:
        The path of the world file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    letters = random.standard_normal((SYMBOLS, 8)).astype(np.float32)
    letters[0] = 0
    first = letters @ random.standard_normal((8, 6)).astype(np.float32)
    (folder / "open.onnx").write_bytes(_sequences(first, "hidden"))
    (folder / "other.onnx").write_bytes(_sequences(np.tanh(letters), "states"))
    (folder / "vector.onnx").write_bytes(_sums(letters, "sum", (8,)))
    (folder / "set.onnx").write_bytes(_sums(np.tanh(letters), "grid", (2, 4)))
    words = {
        "".join(chr(97 + each) for each in random.integers(0, 26, size=1 + place % 5))
        for place in range(330)
    }
    (folder / "words.csv").write_text("\n".join(["word", *sorted(words), ""]), "utf-8")
    path = folder / "world.yaml"
    path.write_text(WORLD, encoding="utf-8")
    return path


def _sequences(table: np.ndarray, name: str) -> bytes:
    """Look up each letter, and tell which exist."""
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], [name]),
        helper.make_node("Greater", ["tokens", "zero"], ["mask"]),
    ]
    outputs = [
        helper.make_tensor_value_info(
            name, TensorProto.FLOAT, ["batch", "time", table.shape[1]]
        ),
        helper.make_tensor_value_info("mask", TensorProto.BOOL, ["batch", "time"]),
    ]
    return _model(nodes, outputs, {"table": table, "zero": np.array(0, np.int64)})


def _sums(table: np.ndarray, name: str, shape: tuple[int, ...]) -> bytes:
    """Look up each letter, and add them up."""
    nodes = [
        helper.make_node("Gather", ["table", "tokens"], ["each"]),
        helper.make_node("ReduceSum", ["each", "axis"], ["all"], keepdims=0),
        helper.make_node("Reshape", ["all", "shape"], [name]),
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])]
    constants = {
        "table": table,
        "axis": np.array([1], np.int64),
        "shape": np.array([-1, *shape], np.int64),
    }
    return _model(nodes, outputs, constants)


def _model(
    nodes: list[onnx.NodeProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray],
) -> bytes:
    inputs = [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["batch", "time"])]
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content: bytes = model.SerializeToString()
    return content
