"""What the graph of an adapter calls its inputs and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass

from transcoder.vocabulary import Spec


@dataclass(frozen=True, slots=True)
class GraphNames:
    """Names on both sides of a graph, where a name may stand only once.

    Attributes:
        inputs: In the order of the source's spec.
        outputs: In the order of the target's spec.
        names: From qualified spec names to those of the graph, where they differ.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    names: Mapping[str, str]


def graph_names(source: Spec, target: Spec) -> GraphNames:
    """Choose the specs' own names; a name on both sides gets its side put before.

    >>> same = Spec.parse("hidden: float32[batch, 8]")
    >>> graph_names(same, same).outputs
    ('target.hidden',)
    """
    shared = set(source.names) & set(target.names)
    inputs = tuple(f"source.{name}" if name in shared else name for name in source.names)
    outputs = tuple(f"target.{name}" if name in shared else name for name in target.names)
    names = {name: name for name in (*inputs, *outputs) if name.partition(".")[2] in shared}
    return GraphNames(inputs, outputs, names)
