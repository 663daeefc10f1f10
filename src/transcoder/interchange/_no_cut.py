"""Why a network cannot be cut, in one sentence."""

from collections import Counter
from collections.abc import Sequence

from transcoder.interchange._cut_nouns import Cut, FromInput, Notion, Strict, ToOutput
from transcoder.interchange._nested import graphs_in, nodes_within
from transcoder.interchange._network import Network, is_latent

_TRIED = 16


def why_no_cut(network: Network, notion: Notion, others: Sequence[Cut]) -> str:
    """Say why there is no cut.

    Args:
        network: The graph under the notion.
        notion: Which paths were to be cut.
        others: The cuts whose dtype is not one of a latent.
    """
    if others:
        return _only_other_dtypes(others)
    flow = network.flow
    if not any(flow.nodes_on_way):
        return f"nothing lies {notion}: what it gives does not depend on numbers it takes"
    for sentence in (_one_body(network), _goes_round(network, notion)):
        if sentence:
            return sentence
    return "there is no tensor between what it takes and what it gives"


def name_passers(network: Network, place: int) -> str:
    """Say in words which tensors go round one place; '' where none does."""
    flow, data = network.flow, network.dataflow
    passers = list(dict.fromkeys(flow.passers(place)))
    if not passers:
        return ""
    shown = " and ".join(_described(network, each) for each in passers[:2])
    more = f" and {len(passers) - 2} more" if len(passers) > 2 else ""  # noqa: PLR2004 # two are shown
    first = passers[0]
    reader = _last_reader(network, first)
    until = f" until {reader}" if reader else f" to the output {data.names[first]!r}"
    return f"{shown}{more} {'go' if len(passers) > 1 else 'goes'} round it{until}"


def _only_other_dtypes(cuts: Sequence[Cut]) -> str:
    dtypes = ", ".join(sorted({each.dtype for each in cuts}))
    return (
        f"the only {len(cuts)} tensors at which it could be cut are of dtype {dtypes}, such as "
        f"{cuts[0].tensor!r}, and no latents; ask for all dtypes to see them"
    )


def _one_body(network: Network) -> str:
    """Say so where most of the network stands inside one node."""
    nodes = network.dataflow.nodes
    sizes = {
        number: sum(1 for _ in nodes_within((node,)))
        for number, node in enumerate(nodes)
        if any(True for _ in graphs_in(node))
    }
    if not sizes:
        return ""
    largest = max(sizes, key=lambda number: sizes[number])
    total = sum(1 for _ in nodes_within(nodes))
    if 2 * sizes[largest] < total:
        return ""
    node = nodes[largest]
    where = (
        "the branches of its If node" if node.op_type == "If" else f"its {node.op_type} node"
    )
    return (
        f"{sizes[largest]} of its {total} operators stand inside {where} {node.name!r}, where "
        "no cut can reach; export it without control flow"
    )


def _goes_round(network: Network, notion: Notion) -> str:
    """Name what goes round most of the tensors on the way, and the notion that would help."""
    flow, data = network.flow, network.dataflow
    between = [
        value
        for node, given in enumerate(data.gives)
        for value in given
        if flow.on_way[value] and flow.last_read[value] >= 0
    ]
    if not between:
        return ""
    middle = flow.places[between[len(between) // 2]]
    widest = _widest_passers(network, middle)
    shown = " and ".join(_described(network, each) for each in widest)
    goes = "go" if len(widest) > 1 else "goes"
    reader = _last_reader(network, widest[0]) if widest else ""
    until = f" until {reader}" if reader else ""
    text = f"{shown} {goes} round every tensor in its middle{until}" if widest else ""
    return f"{text}{_help(network, notion)}" if text else ""


def _widest_passers(network: Network, place: int) -> list[int]:
    """Find what goes round a place: inputs first, and what is given beside the last output."""
    flow = network.flow
    passers = list(dict.fromkeys(flow.passers(place)))
    ranked = sorted(passers, key=lambda each: flow.places[each] - flow.reach[each])
    inputs = [each for each in ranked if each in flow.roots]
    outputs = [each for each in ranked if each in flow.sinks]
    return list(dict.fromkeys((*inputs[:1], *outputs[:1]))) or ranked[:1]


def _described(network: Network, value: int) -> str:
    flow, name = network.flow, network.dataflow.names[value]
    if value in flow.roots:
        return f"the input {name!r}"
    if value in flow.sinks:
        return f"the output {name!r}"
    if not flow.live[value]:
        return f"the random numbers {name!r}"
    return f"the branch {name!r}"


def _last_reader(network: Network, value: int) -> str:
    flow, data = network.flow, network.dataflow
    if not flow.live[value]:
        return "the end"
    if value in flow.sinks or flow.last_read[value] < 0:
        return ""
    node = data.nodes[flow.node_places.index(flow.last_read[value])]
    return f"its last {node.op_type} node {node.name!r}"


def _help(network: Network, notion: Notion) -> str:
    """Name the notion under which there are most cuts, if there is one."""
    if not isinstance(notion, Strict):
        return ""
    inputs = network.dataflow.named(network.dataflow.inputs)
    outputs = network.dataflow.named(network.dataflow.outputs)
    tried: list[FromInput | ToOutput] = []
    tried += [FromInput(name) for name in inputs[:_TRIED] if len(inputs) > 1]
    tried += [ToOutput(name) for name in outputs[:_TRIED] if len(outputs) > 1]
    counts: Counter[FromInput | ToOutput] = Counter()
    for each in tried:
        seen = network.viewed(each)
        counts[each] = sum(map(is_latent, seen.describe(seen.tensor_cuts())))
    best = counts.most_common(1)
    if not best or not best[0][1]:
        return ""
    found, count = best[0]
    return f"; cut {found}, where there {'are' if count > 1 else 'is'} {count}"
