"""Graphs stand in layers, whatever their shape, and say nothing that they were not told."""

from itertools import pairwise
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.reports import Arrow, Graph, Look, Place, draw_graph, graph_mermaid
from transcoder.reports._layers import lay_out

SVG = "{http://www.w3.org/2000/svg}"


def a_graph(*arrows: tuple[str, str]) -> Graph:
    names = dict.fromkeys(name for arrow in arrows for name in arrow)
    return Graph(
        tuple(Place(name, f"<{name}>") for name in names),
        tuple(Arrow(*each) for each in arrows),
    )


def drawn(graph: Graph) -> ET.Element:
    return ET.fromstring(draw_graph(graph, label="a graph"))  # noqa: S314  # our own text


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.sampled_from("abcdefg")] * 2), min_size=1, max_size=14))
def test_every_arrow_passes_from_layer_to_layer(arrows: list[tuple[str, str]]) -> None:
    names = sorted({name for arrow in arrows for name in arrow})
    layout = lay_out(names, arrows)
    depth = {key: number for number, layer in enumerate(layout.layers) for key in layer}
    assert sorted(key for key in depth if isinstance(key, str)) == names
    for (begin, end), way in zip(arrows, layout.ways, strict=True):
        assert (way[0], way[-1]) == (begin, end)
        steps = {depth[after] - depth[before] for before, after in pairwise(way)}
        assert begin == end or steps in ({1}, {-1})


def test_arrows_go_forward_where_there_is_no_cycle() -> None:
    layout = lay_out(list("dcba"), [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")])
    assert [[key for key in layer if isinstance(key, str)] for layer in layout.layers] == [
        ["a"],
        ["d", "b"],
        ["c"],
    ]


def test_a_layer_is_ordered_so_that_arrows_do_not_cross() -> None:
    arrows = [("a", "x"), ("b", "y"), ("c", "z")]
    layout = lay_out(list("abczyx"), arrows)
    assert layout.layers[0] == [
        "abc".__getitem__("xyz".index(str(key))) for key in layout.layers[1]
    ]


def test_a_picture_is_xml_with_a_box_and_an_arrow_each() -> None:
    root = drawn(a_graph(("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")))
    assert len(root.findall(f"{SVG}rect")) == 3
    assert len(root.findall(f"{SVG}path")) == 4
    assert {text.text for text in root.iter(f"{SVG}text")} >= {"<a>", "<b>", "<c>"}


def test_a_picture_without_arrows_has_its_boxes() -> None:
    root = drawn(Graph((Place("a", "a"), Place("b", "b")), ()))
    assert len(root.findall(f"{SVG}rect")) == 2


def test_mermaid_keeps_looks_and_codes_what_it_would_read_as_markup() -> None:
    arrow = Arrow("a", "b", 'say "hi"; #1', Look.THICK)
    text = graph_mermaid(Graph((Place("a", "text<en>\n]"), Place("b", "{B}")), (arrow,)))
    assert text.splitlines() == [
        "flowchart LR",
        '  n0["text#lt;en#gt; ]"]',
        '  n1["{B}"]',
        '  n0 ==>|"say #quot;hi#quot;; #35;1"| n1',
    ]
