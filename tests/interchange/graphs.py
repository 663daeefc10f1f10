"""Small graphs that hold the traps of real networks, and what runs them."""

from collections.abc import Mapping

import numpy as np
import onnxruntime
from onnx import ModelProto, parser

from transcoder.interchange import Halves
from transcoder.vocabulary import Array

HEADER = '<ir_version: 9, opset_import: ["": 18, "local": 1, "com.microsoft": 1]>'


def graph(text: str, functions: str = "") -> ModelProto:
    """Read a graph in ONNX's own notation."""
    return parser.parse_model(f"{HEADER}\n{text}\n{functions}")


def run(model: ModelProto | bytes, given: Mapping[str, Array]) -> dict[str, Array]:
    """Run a model on those of some tensors that it takes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    data = model if isinstance(model, bytes) else model.SerializeToString()
    session = onnxruntime.InferenceSession(data, options)
    feed = {each.name: given[each.name] for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


def assert_halves_agree(
    whole: ModelProto, halves: Halves, given: Mapping[str, Array]
) -> dict[str, Array]:
    """Compare the whole with its halves; give what the head gave."""
    first = run(halves.head, given)
    found = {**run(halves.tail, {**given, **first}), **first}
    for name, wanted in run(whole, given).items():
        assert_close(found[name], wanted)
    return first


def assert_close(found: Array, wanted: Array) -> None:
    """Compare up to what another order of sums makes in float32."""
    first, second = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)


def numbers(*shape: int) -> Array:
    """Numbers drawn at random, float32 of a shape."""
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)
