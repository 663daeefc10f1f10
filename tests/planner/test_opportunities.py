"""Which ways of training are found, and in which order."""

import pytest

from tests.planner.planner_worlds import NUMBERS, PARALLEL, catalog, kind, modality, numbers
from transcoder.errors import NoOpportunityError, UnknownNameError
from transcoder.planner import find_opportunities, require_opportunities
from transcoder.vocabulary import Catalog, Grade, Opportunity, Payload, Scorer, TargetKind

ENTTS, TEXT_LATENT = modality("{EnTTS}"), modality("text_latent@1")


def columns(found: tuple[Opportunity, ...]) -> list[tuple[TargetKind, str, str]]:
    return [(each.kind, each.input.column, each.reference.column) for each in found]


def opportunities(world: Catalog, source: str, target: str) -> tuple[Opportunity, ...]:
    return find_opportunities(world, modality(source), modality(target))


def test_the_numbers_give_a_latent_match_and_an_output_match_of_real_pairs() -> None:
    latent, output = find_opportunities(numbers(), ENTTS, TEXT_LATENT)
    english = "numbers.english: text<en> => [EnTTS-characters] => tokens<EnTTS>"
    assert (latent.kind, latent.grade, latent.scorer) == (
        TargetKind.LATENT_MATCH,
        Grade.REAL,
        Scorer.MSE,
    )
    assert str(latent.input) == f"{english} -> [EnTTS] -> {{EnTTS}}"
    assert not latent.suffix.edges
    assert str(latent.reference) == (
        "numbers.english: text<en> => [EnDe-characters] => tokens<EnDe_en> "
        "-> [EnDe] -> text_latent@1"
    )
    assert (output.kind, output.grade, output.scorer) == (
        TargetKind.OUTPUT_MATCH,
        Grade.REAL,
        Scorer.CROSS_ENTROPY,
    )
    assert output.input == latent.input
    assert str(output.suffix) == "text_latent@1 -> [EnDe] -> logits<EnDe_de>"
    assert str(output.reference) == (
        "numbers.german: text<de> => [EnDe-Zeichen] => tokens<EnDe_de>"
    )


def test_the_way_back_has_an_output_match_through_the_synthetic_voice() -> None:
    latent, output = find_opportunities(numbers(), TEXT_LATENT, ENTTS)
    assert (latent.kind, latent.grade) == (TargetKind.LATENT_MATCH, Grade.REAL)
    assert (output.kind, output.grade) == (TargetKind.OUTPUT_MATCH, Grade.SYNTHETIC)
    assert str(output.reference) == (
        "numbers.english: text<en> => [espeak] => speech<en> => [mel] => spectrogram<EnTTS>"
    )


def test_an_open_latent_means_its_newest_version() -> None:
    world = numbers()
    assert opportunities(world, "{EnTTS}", "text_latent") == opportunities(
        world, "{EnTTS}", "text_latent@1"
    )


def test_an_unpaired_grade_needs_two_datasets_and_comes_last() -> None:
    world = catalog(NUMBERS, "a: one text<en>", "b: two text<en>")
    found = find_opportunities(world, ENTTS, TEXT_LATENT)
    assert [(each.grade, each.input.dataset, each.reference.dataset) for each in found] == [
        (Grade.REAL, "a", "a"),
        (Grade.REAL, "b", "b"),
        (Grade.UNPAIRED, "a", "b"),
        (Grade.UNPAIRED, "b", "a"),
    ]


def test_a_cycle_closes_over_existing_transcoders_and_one_column() -> None:
    world = catalog(
        """
        text<en> => characters => tokens<A>
        tokens<A> -> Net -> {A}
        {B} -> Back -> {A} transcoder
        """,
        "texts: text text<en>",
    )
    (cycle,) = opportunities(world, "{A}", "{B}")
    assert (cycle.kind, cycle.grade) == (TargetKind.CYCLE, Grade.CYCLE)
    assert str(cycle.suffix) == "{B} -> [Back] -> {A}"
    assert cycle.reference == cycle.input


def test_a_segment_of_a_network_does_not_close_a_cycle() -> None:
    world = catalog("tokens<A> -> Net -> {A}\n{B} -> Net -> {A}", "texts: text tokens<A>")
    assert opportunities(world, "{A}", "{B}") == ()


def test_what_was_trained_before_does_not_teach_its_successor() -> None:
    before = find_opportunities(numbers(), ENTTS, TEXT_LATENT)
    trained = catalog(NUMBERS + "{EnTTS} -> old -> text_latent@1 transcoder 0.99", PARALLEL)
    assert find_opportunities(trained, ENTTS, TEXT_LATENT) == before


def test_a_route_to_the_latent_target_does_not_pass_through_the_source() -> None:
    world = catalog(
        "tokens<A> -> Net -> {A}\n{A} -> Near -> {C} transcoder\n{C} -> Far -> {B} transcoder",
        "texts: text tokens<A>",
    )
    assert opportunities(world, "{A}", "{B}") == ()


def test_the_voice_of_a_network_pairs_its_latent_with_that_of_a_listener() -> None:
    world = catalog(
        """
        text<en> -> Voice -> {Voice}
        {Voice} -> Voice -> speech<en>
        speech<en> -> Ear -> speech_latent@1
        """,
        "texts: text text<en>",
    )
    (found,) = opportunities(world, "speech_latent@1", "{Voice}")
    assert found.grade is Grade.REAL
    assert str(found.input.path).endswith(
        "{Voice} -> [Voice] -> speech<en> -> [Ear] -> speech_latent@1"
    )
    assert str(found.reference.path) == "text<en> -> [Voice] -> {Voice}"


def test_a_real_route_is_taken_before_a_cheaper_synthetic_one() -> None:
    edges = """
    text<en> ~> Quick ~> {A}
    text<en> => Far => number
    number => Dear => {A}
    text<en> => Other => {B}
    """
    world = catalog(edges, "texts: text text<en>")
    (found,) = opportunities(world, "{A}", "{B}")
    assert (found.grade, found.input.path.edges[0].name) == (Grade.REAL, "Far")


def test_what_a_transcoder_guesses_is_taken_last_and_called_synthetic() -> None:
    guessed = "text<en> -> Guess -> {A} transcoder 1.0"
    known = "text<en> => Other => {B}"
    (alone,) = opportunities(
        catalog(f"{guessed}\n{known}", "texts: text text<en>"), "{A}", "{B}"
    )
    assert (alone.grade, alone.input.path.edges[0].name) == (Grade.SYNTHETIC, "Guess")
    spoken = "text<en> ~> Voice ~> speech<en>\nspeech<en> -> Ear -> {A}"
    world = catalog(f"{guessed}\n{known}\n{spoken}", "texts: text text<en>")
    (heard,) = opportunities(world, "{A}", "{B}")
    assert (heard.grade, heard.input.path.edges[0].name) == (Grade.SYNTHETIC, "Voice")


def test_longer_routes_than_allowed_are_not_taken_but_shorter_dearer_ones_are() -> None:
    edges = """
    text<en> => One => number
    number => Two => {A}
    text<en> -> Short -> {A} transcoder 0.1
    text<en> => Other => {B}
    """
    world = catalog(edges, "texts: text text<en>")
    ends = modality("{A}"), modality("{B}")
    (far,) = find_opportunities(world, *ends)
    (near,) = find_opportunities(world, *ends, max_length=1)
    assert [len(each.input.path.edges) for each in (far, near)] == [2, 1]


def test_a_dear_short_beginning_leaves_room_for_a_cheap_long_end() -> None:
    edges = """
    text<en> => one => number
    number => two => {M}
    text<en> -> short -> {M} transcoder 0.9
    {M} -> dear -> {A} transcoder 0.1
    {M} => three => {C}
    {C} => four => {A}
    text<en> => Other => {B}
    """
    world = catalog(edges, "texts: text text<en>")
    (found,) = find_opportunities(world, modality("{A}"), modality("{B}"), max_length=3)
    assert [each.name for each in found.input.path.edges] == ["short", "three", "four"]


def test_more_routes_are_given_where_more_are_asked_for() -> None:
    edges = "text<en> => B1 => {A}\ntext<en> => B2 => {A}\ntext<en> => Other => {B}"
    world = catalog(edges, "texts: text text<en>")
    found = find_opportunities(world, modality("{A}"), modality("{B}"), k=5)
    assert [each.input.path.edges[0].name for each in found] == ["B1", "B2"]


def test_a_measure_that_no_gradient_passes_trains_nothing() -> None:
    text = kind("text<L>", Payload.TEXT, (Scorer.EXACT_MATCH, "text<L>"))
    edges = "text<en> => One => {A}\n{B} -> Two -> text<en>"
    world = catalog(edges, "texts: text text<en>", types=[text])
    assert opportunities(world, "{A}", "{B}") == ()


def test_a_latent_downstream_is_scored_within_its_own_version() -> None:
    declared = kind("text_latent", None, (Scorer.COSINE, "text_latent"))
    edges = (
        "number => One => {A}\n{B} -> Two -> text_latent@2\nnumber => Three => text_latent@2"
    )
    world = catalog(edges, "digits: digit number", types=[declared], more=["text_latent@1"])
    (found,) = opportunities(world, "{A}", "{B}")
    assert (found.kind, found.scorer) == (TargetKind.OUTPUT_MATCH, Scorer.COSINE)
    assert found.reference.path.target == modality("text_latent@2")


@pytest.mark.parametrize("ends", [("{A}", "{A}"), ("text<en>", "{A}"), ("{A}", "text<en>")])
def test_only_two_different_latents_can_be_joined(ends: tuple[str, str]) -> None:
    world = catalog("text<en> => One => {A}", "texts: text text<en>")
    assert opportunities(world, *ends) == ()
    with pytest.raises(NoOpportunityError, match="two different latents"):
        require_opportunities(world, modality(ends[0]), modality(ends[1]))


def test_an_unknown_latent_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no modality '\{EnTS\}'.*'\{EnTTS\}'"):
        opportunities(numbers(), "{EnTS}", "text_latent")


@pytest.mark.parametrize(
    ("datasets", "said"),
    [
        ([], r"'\{A\}' -> '\{B\}' cannot be trained: no dataset is registered"),
        (["d: x text<en>"], r"no column of a dataset reaches '\{A\}' \(they reach '\{B\}'\)"),
        (["d: x text<de>"], r"rows reach '\{A\}', but within .* none reaches '\{B\}' without"),
    ],
)
def test_what_is_lacking_is_said(datasets: list[str], said: str) -> None:
    edges = "text<de> => One => {A}\ntext<en> => Two => {B}"
    world = catalog(edges, *datasets)
    with pytest.raises(NoOpportunityError, match=said):
        require_opportunities(world, modality("{A}"), modality("{B}"))


def test_no_suffix_is_longer_than_is_allowed() -> None:
    world = catalog(
        """
        text_latent@1 -> u -> {C}
        {A} -> u -> {B}
        {B} -> u -> spectrogram<V>
        """,
        "d: x text_latent@1, y spectrogram<V>",
    )
    ends = modality("text_latent@1"), modality("{A}")
    assert [len(each.suffix.edges) for each in find_opportunities(world, *ends)] == [2]
    assert find_opportunities(world, *ends, max_length=1) == ()
