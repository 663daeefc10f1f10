"""Chains that tell how much of a sink's quality is kept."""

import pytest

from tests.planner.planner_worlds import NUMBERS, PARALLEL, catalog, modality, numbers
from transcoder.errors import UnknownNameError
from transcoder.planner import find_judged_chains
from transcoder.vocabulary import Catalog, JudgedChain, Scorer


def chains(world: Catalog, source: str, target: str, name: str) -> tuple[JudgedChain, ...]:
    return find_judged_chains(world, modality(source), modality(target), name)


def test_the_numbers_are_judged_by_german_text_beside_the_translator() -> None:
    (chain,) = chains(numbers(), "{EnTTS}", "text_latent", "numbers")
    assert (chain.column, chain.native_column, chain.reference) == (
        "english",
        "english",
        "german",
    )
    assert chain.scorer is Scorer.EXACT_MATCH
    assert not chain.is_pivot
    assert str(chain.before).endswith("tokens<EnTTS> -> [EnTTS] -> {EnTTS}")
    assert str(chain.after) == (
        "text_latent@1 -> [EnDe] -> logits<EnDe_de> => [EnDe-greedy] => text<de>"
    )
    assert str(chain.native).startswith("text<en> => [EnDe-characters] => tokens<EnDe_en>")
    assert chain.native.edges[-2:] == chain.after.edges


@pytest.mark.parametrize(
    "edges",
    [
        (
            "text<en> -> x -> {C}\n{C} -> t -> {A} transcoder 1\n"
            "text<en> -> y -> {B}\n{B} -> y -> text<de>"
        ),
        "text<en> -> x -> {A}\n{A} -> t -> {B} transcoder 1\n{B} -> y -> text<de>",
        (
            "text<en> -> x -> {A}\ntext<en> -> y -> {B}\n{B} -> y -> {C}\n"
            "{C} -> t -> {D} transcoder 1\n{D} -> z -> text<de>"
        ),
    ],
)
def test_no_chain_takes_a_transcoder(edges: str) -> None:
    assert chains(catalog(edges, PARALLEL), "{A}", "{B}", "numbers") == ()


def test_no_chain_takes_a_synthetic_oracle_behind_the_transcoder() -> None:
    edges = "text<en> -> x -> {A}\ntext<en> -> y -> {B}\n"
    world = catalog(edges + "{B} -> y -> number\nnumber ~> say ~> text<de>", PARALLEL)
    assert chains(world, "{A}", "{B}", "numbers") == ()


def test_a_sound_is_no_reference_for_nothing_judges_it() -> None:
    spoken = catalog(NUMBERS, "spoken: sound speech<en>, english text<en>")
    assert chains(spoken, "text_latent@1", "{EnTTS}", "spoken") == ()


def test_where_no_network_leads_to_the_target_an_oracle_that_does_is_the_pivot() -> None:
    world = catalog(
        "text<en> -> x -> {A}\ntext<en> => y => {B}\n{B} -> z -> text<de>", PARALLEL
    )
    (chain,) = chains(world, "{A}", "{B}", "numbers")
    assert chain.is_pivot
    assert str(chain.native) == "text<en> => [y] => {B} -> [z] -> text<de>"


def test_where_nothing_leads_to_the_target_another_way_to_the_content_is_the_pivot() -> None:
    edges = "text<en> -> x -> {A}\n{B} -> z -> text<de>\n"
    (chain,) = chains(
        catalog(edges + "text<en> ~> mt ~> text<de>", PARALLEL), "{A}", "{B}", "numbers"
    )
    assert chain.is_pivot
    assert str(chain.native) == "text<en> => [mt] => text<de>"
    assert chain.name == "numbers.english by x to german"


def test_without_a_native_chain_or_a_pivot_there_is_nothing_to_divide_by() -> None:
    world = catalog("text<en> -> x -> {A}\n{B} -> z -> text<de>", PARALLEL)
    assert chains(world, "{A}", "{B}", "numbers") == ()


def test_what_comes_back_may_be_judged_by_what_went_in() -> None:
    world = catalog(
        "text<en> -> x -> {A}\ntext<en> -> y -> {B}\n{B} -> y -> text<en>", "d: text text<en>"
    )
    (chain,) = chains(world, "{A}", "{B}", "d")
    assert chain.column == chain.reference == "text"


def test_a_synthetic_source_is_taken_only_where_there_is_no_other() -> None:
    edges = "text<en> ~> say ~> speech<en>\nspeech<en> -> ear -> {A}\n"
    sink = "text<en> -> y -> {B}\n{B} -> y -> text<en>"
    (only,) = chains(catalog(edges + sink, "d: text text<en>"), "{A}", "{B}", "d")
    assert only.before.edges[0].name == "say"
    real = "text<en> => a => number\nnumber => b => speech<en>\n"
    (chosen,) = chains(catalog(edges + real + sink, "d: text text<en>"), "{A}", "{B}", "d")
    assert [each.name for each in chosen.before.edges] == ["a", "b", "ear"]


def test_an_unknown_dataset_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no dataset 'number'.*'numbers'"):
        chains(numbers(), "{EnTTS}", "text_latent", "number")
