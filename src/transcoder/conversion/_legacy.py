"""Names apart what meant something else in old opsets and has no converter of its own."""

from collections.abc import Mapping, Sequence

import onnx
from onnx import helper, version_converter

from transcoder.errors import UnsupportedOperatorError

_OWN = "transcoder"
_CHANGED: Mapping[str, tuple[int, str]] = {
    "PRelu": (7, "ChannelPRelu"),
    "Scan": (9, "BatchScan"),
}
"""By operator, the opset that changed it and the name of what it was before."""


def renamed(model: onnx.ModelProto, opset: int, meant: int) -> onnx.ModelProto:
    """Rename operators of old opsets; a model that has none stays as it is.

    Args:
        model: Before it is brought up to a newer opset.
        opset: Of the model.
        meant: The opset to which the bodies of renamed nodes are brought here.

    Raises:
        UnsupportedOperatorError: If such a body cannot be brought up on its own.
    """
    names = [name for name, (until, _) in _CHANGED.items() if opset < until]
    if not names:
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    if not _rename(copy.graph, names, opset, meant):
        return model
    copy.opset_import.append(helper.make_opsetid(_OWN, 1))
    return copy


def _rename(graph: onnx.GraphProto, names: Sequence[str], opset: int, meant: int) -> bool:
    found = False
    for node in graph.node:
        bodies = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
        for body in bodies:
            found |= _rename(body, names, opset, meant)
        if node.op_type in names and not node.domain:
            found = True
            for body in bodies:
                body.CopyFrom(_upgraded(node, body, opset, meant))
            node.op_type, node.domain = _CHANGED[node.op_type][1], _OWN
    return found


def _upgraded(
    node: onnx.NodeProto, body: onnx.GraphProto, opset: int, meant: int
) -> onnx.GraphProto:
    whole = helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)])
    try:
        return version_converter.convert_version(whole, meant).graph
    except (RuntimeError, ValueError) as error:
        reason = f"its body cannot be brought up to opset {meant}: {error}"
        raise UnsupportedOperatorError(node.op_type, node.name, opset, reason) from error
