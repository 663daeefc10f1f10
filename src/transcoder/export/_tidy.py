"""Nothing in a file but what it computes, so that equal nets give equal bytes."""

from collections.abc import Sequence

import onnx

from transcoder.export._names import GraphNames
from transcoder.vocabulary import Spec, TensorSpec

_PRODUCER = "transcoder"


def tidy(model: onnx.ModelProto, names: GraphNames, source: Spec, target: Spec) -> bytes:
    """Drop traces of how a graph was made and name its axes by the specs.

    Args:
        model: What the exporter made; changed in place.
        names: The graph's own names.
        source: What it takes.
        target: What it gives.

    Returns:
        The bytes of the file.
    """
    graph = model.graph
    model.producer_name, model.producer_version, model.doc_string = _PRODUCER, "", ""
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    graph.name, graph.doc_string = _PRODUCER, ""
    for number, node in enumerate(graph.node):
        node.name, node.doc_string = f"{node.op_type}_{number}", ""
        del node.metadata_props[:]
    for tensor in graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    _name_axes(graph.input, names.inputs, source.tensors)
    _name_axes(graph.output, names.outputs, target.tensors)
    _drop_unused_domains(model)
    return bytes(model.SerializeToString(deterministic=True))


def _name_axes(
    values: Sequence[onnx.ValueInfoProto], names: Sequence[str], tensors: Sequence[TensorSpec]
) -> None:
    wanted = dict(zip(names, tensors, strict=True))
    for value in values:
        value.doc_string = ""
        del value.metadata_props[:]
        shape = value.type.tensor_type.shape
        del shape.dim[:]
        for axis in wanted[value.name].axes:
            dim = shape.dim.add()
            if isinstance(axis, int):
                dim.dim_value = axis
            else:
                dim.dim_param = axis


def _drop_unused_domains(model: onnx.ModelProto) -> None:
    used = {node.domain for node in model.graph.node} | {""}
    kept = [each for each in model.opset_import if each.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
