"""Opportunities as graphs and pictures."""

from tests.planner.planner_worlds import NUMBERS, catalog, modality, numbers
from transcoder.planner import When, draw_mermaid, find_opportunities, learning_graph
from transcoder.vocabulary import Opportunity, TargetKind

ENDS = modality("{EnTTS}"), modality("text_latent@1")


def steps(opportunity: Opportunity) -> list[tuple[str, str, str, When]]:
    graph = learning_graph(opportunity)
    texts = {each.name: each.text for each in graph.nodes}
    return [(texts[e.source], e.by, texts[e.target], e.when) for e in graph.edges]


def test_an_output_match_shows_what_is_once_and_what_each_step_and_where_the_loss_is() -> None:
    _, output = find_opportunities(numbers(), *ENDS)
    english, german = "numbers.english: text<en>", "numbers.german: text<de>"
    made, loss = "text_latent@1, made", "loss: cross_entropy"
    assert steps(output) == [
        (english, "EnTTS-characters", "tokens<EnTTS>", When.ONCE),
        ("tokens<EnTTS>", "EnTTS", "{EnTTS}", When.ONCE),
        (german, "EnDe-Zeichen", "tokens<EnDe_de>", When.ONCE),
        ("{EnTTS}", "{EnTTS} -> text_latent@1", made, When.TRAINED),
        (made, "EnDe", "logits<EnDe_de>", When.EACH_STEP),
        ("logits<EnDe_de>", "", loss, When.COMPARED),
        ("tokens<EnDe_de>", "", loss, When.COMPARED),
    ]


def test_both_routes_of_a_latent_match_may_begin_at_one_column() -> None:
    latent, _ = find_opportunities(numbers(), *ENDS)
    texts = [each.text for each in learning_graph(latent).nodes]
    assert texts.count("numbers.english: text<en>") == 1
    assert texts[-1] == "loss: mse"


def test_a_cycle_is_compared_with_where_it_began() -> None:
    world = catalog(
        NUMBERS + "text_latent@1 -> Back -> {EnTTS} transcoder 0.9", "a: one text<en>"
    )
    found = find_opportunities(world, *ENDS)
    (cycle,) = (each for each in found if each.kind is TargetKind.CYCLE)
    assert steps(cycle)[-1] == ("{EnTTS}", "", "loss: mse", When.COMPARED)
    assert ("text_latent@1, made", "Back", "{EnTTS}", When.EACH_STEP) in steps(cycle)


def test_a_picture_names_every_node_and_escapes_what_mermaid_would_read() -> None:
    drawn = draw_mermaid(find_opportunities(numbers(), *ENDS))
    assert drawn.startswith("flowchart LR\n  subgraph o1[")
    assert 'o1n0["numbers.english: text#lt;en#gt;"]' in drawn
    assert '==>|"{EnTTS} -#gt; text_latent@1, trained"|' in drawn
    assert drawn.count("subgraph") == drawn.count("\n  end") == 2
