"""Gives the ends of a network other names."""

from collections.abc import Mapping

from onnx import helper

from transcoder.interchange._naming import all_names, fresh_names, rename_values
from transcoder.interchange._parsing import check, load_checked


def name_ends(
    onnx_bytes: bytes, inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> bytes:
    """Do the work of `with_ends`."""
    model = load_checked(onnx_bytes, "spliced")
    graph, taken, wished = model.graph, all_names(model), {*inputs, *outputs}
    fresh = fresh_names(taken | wished)
    moved = {name: fresh(name) for name in sorted(taken & wished)}
    renamed = {moved.get(old, old): new for new, old in inputs.items()}
    rename_values(graph, moved)
    rename_values(graph, renamed)
    given = {each.name: each for each in graph.output}
    del graph.output[:]
    for new, old in outputs.items():
        inner = moved.get(old, old)
        inner = renamed.get(inner, inner)
        output = graph.output.add()
        output.CopyFrom(given[inner])
        output.name = new
        graph.node.append(helper.make_node("Identity", [inner], [new]))
    check(model, "spliced")
    return bytes(model.SerializeToString())
