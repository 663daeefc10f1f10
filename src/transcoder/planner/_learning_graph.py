"""An opportunity as a graph: what is computed once, what at each step, where the loss is."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from transcoder.vocabulary import EdgePath, Opportunity, Route


class When(StrEnum):
    """When an edge of a learning graph runs."""

    ONCE = "once"
    TRAINED = "trained"
    EACH_STEP = "each step"
    COMPARED = "compared"


@dataclass(frozen=True, slots=True)
class LearningNode:
    """Values at one place.

    Attributes:
        name: Unique in the graph: `n0`, `n1`, ...
        text: A column, a modality, or the loss.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class LearningEdge:
    """What leads from one place to another.

    Attributes:
        source: Name of the node where it begins.
        target: Name of the node where it ends.
        by: The model or oracle; empty where values are only compared.
        when: When it runs; what runs once is kept in the latent store.
    """

    source: str
    target: str
    by: str
    when: When


@dataclass(frozen=True, slots=True)
class LearningGraph:
    """All that takes part in one way of training; equal beginnings of routes are one.

    Attributes:
        nodes: Columns first, then along the routes; the loss is the last.
        edges: In the order of the routes.
    """

    nodes: tuple[LearningNode, ...]
    edges: tuple[LearningEdge, ...]


class _Draft:
    def __init__(self) -> None:
        self.names: dict[str, LearningNode] = {}
        self.edges: dict[LearningEdge, None] = {}

    def node(self, key: str, text: str) -> str:
        """Find or add a node by what is computed there."""
        name = f"n{len(self.names)}"
        return self.names.setdefault(key, LearningNode(name, text)).name

    def walk(self, key: str, path: EdgePath, when: When) -> str:
        """Add a path behind a node; gives the key of its end."""
        for edge in path.edges:
            after = f"{key} > {edge}"
            ends = self.node(key, str(edge.source)), self.node(after, str(edge.target))
            self.edges[LearningEdge(*ends, edge.name, when)] = None
            key = after
        return key

    def route(self, route: Route) -> str:
        """Add a route from its column."""
        key = f"{route.dataset}.{route.column}"
        self.node(key, f"{key}: {route.path.source}")
        return self.walk(key, route.path, When.ONCE)


def learning_graph(opportunity: Opportunity) -> LearningGraph:
    """Draw an opportunity: routes, the net to be trained, the frozen suffix, the loss."""
    draft = _Draft()
    given = draft.route(opportunity.input)
    wanted = draft.route(opportunity.reference)
    made = f"{given} > trained"
    ends = draft.node(given, ""), draft.node(made, f"{opportunity.target}, made")
    by = f"{opportunity.source} -> {opportunity.target}"
    draft.edges[LearningEdge(*ends, by, When.TRAINED)] = None
    made = draft.walk(made, opportunity.suffix, When.EACH_STEP)
    loss = draft.node("loss", f"loss: {opportunity.scorer.value}")
    for key in (made, wanted):
        draft.edges[LearningEdge(draft.node(key, ""), loss, "", When.COMPARED)] = None
    return LearningGraph(tuple(draft.names.values()), tuple(draft.edges))


_ARROWS = {
    When.ONCE: "-->",
    When.TRAINED: "==>",
    When.EACH_STEP: "-.->",
    When.COMPARED: "---",
}


def draw_mermaid(opportunities: Iterable[Opportunity]) -> str:
    """Draw learning graphs as a Mermaid flowchart: thin once, thick trained, dotted a step."""
    lines = ["flowchart LR"]
    for number, opportunity in enumerate(opportunities, 1):
        grade = opportunity.grade.name.lower()
        title = _escaped(f"{number}. {opportunity.kind.value}, {grade}")
        lines.append(f'  subgraph o{number}["{title}"]')
        lines += [f"    {line}" for line in _drawn(f"o{number}", learning_graph(opportunity))]
        lines.append("  end")
    return "\n".join(lines)


def _drawn(prefix: str, graph: LearningGraph) -> list[str]:
    nodes = [f'{prefix}{each.name}["{_escaped(each.text)}"]' for each in graph.nodes]
    edges = []
    for each in graph.edges:
        text = f"{each.by}, {each.when.value}" if each.by else each.when.value
        arrow = f'{_ARROWS[each.when]}|"{_escaped(text)}"|'
        edges.append(f"{prefix}{each.source} {arrow} {prefix}{each.target}")
    return nodes + edges


def _escaped(text: str) -> str:
    """Write what Mermaid would read as markup by its codes."""
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(sign, code)
    return text
