"""A net of one multiplication, so that registries are measured and not nets."""

from functools import cache

from onnx import TensorProto, helper

from transcoder.interchange import read_signature
from transcoder.registry import Registry
from transcoder.vocabulary import (
    Modality,
    ModalityEntry,
    ModalityType,
    Segment,
    SegmentKey,
    Signature,
    Spec,
)

SOURCE, TARGET = Modality.parse("tokens<En>"), Modality.parse("{Net}")
SPEC = Spec.parse("x: float32[batch, 8]")


def onnx_file(factor: float) -> bytes:
    """`y = factor * x`, (batch, 8) to (batch, 8)."""
    weight = helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 8])
        for name in ("x", "y")
    ]
    node = helper.make_node("Mul", ["x", "factor"], ["y"])
    graph = helper.make_graph([node], "net", ends[:1], ends[1:], [weight])
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    return bytes(model.SerializeToString())


@cache
def _signature() -> Signature:
    return read_signature(onnx_file(1.0), "Net")


def segment_of(model: str) -> Segment:
    """The segment of any such file, for all are of one size."""
    key = SegmentKey(model, SOURCE, TARGET)
    return Segment(key, signature=_signature(), names={"target.x": "y"})


def fill(registry: Registry) -> None:
    """Register what the segments stand between."""
    with registry.transaction() as transaction:
        transaction.put(ModalityType("tokens", ("V",)))
        transaction.put(ModalityEntry(SOURCE, SPEC))
        transaction.put(ModalityEntry(TARGET, SPEC))
