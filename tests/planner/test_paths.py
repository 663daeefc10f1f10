"""The best paths, with and without pieces."""

import pytest

from tests.planner.planner_worlds import NUMBERS, PARALLEL, catalog, modality, numbers
from transcoder.errors import MixedSpacesError, NoPathError, UnknownNameError
from transcoder.planner import Preference, find_path, find_paths, path_cost
from transcoder.vocabulary import Catalog, EdgePath

TRAINED = NUMBERS + "{EnTTS} -> joined -> text_latent@1 transcoder 0.98"


def names(path: EdgePath) -> list[str]:
    return [edge.name for edge in path.edges]


def path(world: Catalog, source: str, target: str, *pieces: str) -> EdgePath:
    return find_path(world, modality(source), modality(target), pieces=pieces)


def test_english_becomes_german_through_the_translator() -> None:
    assert str(path(numbers(), "text<en>", "text<de>")) == (
        "text<en> => [EnDe-characters] => tokens<EnDe_en> -> [EnDe] -> text_latent@1 "
        "-> [EnDe] -> logits<EnDe_de> => [EnDe-greedy] => text<de>"
    )


def test_nothing_has_to_be_walked_to_where_one_stands() -> None:
    assert path(numbers(), "text<en>", "text<en>") == EdgePath(modality("text<en>"))


def test_a_piece_leads_the_path_through_another_network() -> None:
    found = path(catalog(TRAINED, PARALLEL), "text<en>", "text<de>", "{EnTTS}")
    assert names(found) == ["EnTTS-characters", "EnTTS", "joined", "EnDe", "EnDe-greedy"]


@pytest.mark.parametrize("piece", ["joined", "EnTTS-characters", "tokens<EnTTS>"])
def test_a_piece_is_a_model_an_oracle_or_a_modality(piece: str) -> None:
    found = path(catalog(TRAINED, PARALLEL), "text<en>", "text<de>", piece)
    assert "joined" in names(found)


def test_pieces_are_met_in_the_order_that_is_cheapest() -> None:
    world = catalog(TRAINED, PARALLEL)
    forth = path(world, "number", "text<de>", "text_latent", "joined", "{EnTTS}")
    assert forth == path(world, "number", "text<de>", "{EnTTS}", "text_latent", "joined")


def test_with_pieces_a_modality_may_recur_but_an_edge_may_not() -> None:
    world = catalog("{A} => out => {B}\n{B} => in => {A}\n{A} => on => {C}")
    assert names(path(world, "{A}", "{C}", "{B}")) == ["out", "in", "on"]
    again = catalog("{A} => x => {H}\n{H} => y => {A}\n{H} => z => {C}")
    with pytest.raises(NoPathError, match="none with these pieces, but without that"):
        path(again, "{A}", "{C}", "y")


def test_a_dearer_way_is_taken_where_the_cheapest_would_take_an_edge_twice() -> None:
    world = catalog(
        """
        {A} => x => {H}
        {H} => y => {A}
        {H} => z => {C}
        {A} -> w -> {C} transcoder 0.1
        """
    )
    assert names(path(world, "{A}", "{C}", "y")) == ["x", "y", "w"]


def test_equal_paths_are_ordered_by_name() -> None:
    world = catalog("{A} => n => {C}\n{A} => m => {C}\n{A} => o => {C}")
    found = find_paths(world, modality("{A}"), modality("{C}"), k=2)
    assert [names(each) for each in found] == [["m"], ["n"]]


def test_the_best_paths_come_cheapest_first() -> None:
    world = catalog(
        """
        {A} -> good -> {C} transcoder 0.9
        {A} -> poor -> {C} transcoder 0.2
        {A} => x => {B}
        {B} => y => {C}
        """
    )
    found = find_paths(world, modality("{A}"), modality("{C}"), k=9)
    assert [names(each) for each in found] == [["x", "y"], ["good"], ["poor"]]
    costs = [path_cost(each) for each in found]
    assert costs == sorted(costs)


def test_no_path_comes_back_to_where_it_was() -> None:
    world = catalog("{S} => a => {A}\n{A} => b => {T}\n{A} => c => {S}\n{S} => d => {T}")
    found = find_paths(world, modality("{S}"), modality("{T}"), k=9)
    assert [names(each) for each in found] == [["d"], ["a", "b"]]


def test_only_current_files_that_can_run_are_walked() -> None:
    world = catalog("{A} -> x -> {B} transcoder untrained")
    with pytest.raises(NoPathError):
        path(world, "{A}", "{B}")


def test_the_preference_can_forbid_oracles_and_names() -> None:
    world = catalog("{A} => x => {B}\n{A} -> y -> {B} transcoder 0.5\n{A} -> z -> {B}")
    ends = modality("{A}"), modality("{B}")
    plain = Preference(exclude=frozenset({"z"}))
    strict = Preference(exclude=frozenset({"z"}), differentiable_only=True)
    segments = Preference(allow_oracles=False, hops=1)
    assert names(find_path(world, *ends, preference=plain)) == ["x"]
    assert names(find_path(world, *ends, preference=strict)) == ["y"]
    assert names(find_path(world, *ends, preference=segments)) == ["z"]


def test_what_the_preference_forbids_is_said() -> None:
    world = catalog("{A} => x => {B}")
    with pytest.raises(NoPathError, match=r"none that the preference admits, but .*\[x\]"):
        find_path(
            world,
            modality("{A}"),
            modality("{B}"),
            preference=Preference(allow_oracles=False),
        )


def test_unknown_names_are_told_with_the_nearest() -> None:
    world = numbers()
    with pytest.raises(UnknownNameError, match=r"no modality 'text<fr>'.*'text<en>'"):
        path(world, "text<fr>", "text<de>")
    with pytest.raises(UnknownNameError, match=r"no model, oracle or modality 'EnTT'.*'EnTTS'"):
        path(world, "text<en>", "text<de>", "EnTT")
    with pytest.raises(
        UnknownNameError, match=r"no model or oracle 'GriffinLin'.*'GriffinLim'"
    ):
        find_path(
            world,
            modality("text<en>"),
            modality("text<de>"),
            preference=Preference(exclude=frozenset({"GriffinLin"})),
        )


def test_an_open_latent_is_its_newest_version_and_versions_do_not_mix() -> None:
    world = catalog("number => x => text_latent@1\ntext_latent@2 => y => text<en>")
    with pytest.raises(
        MixedSpacesError, match="'text_latent@1' and 'text_latent@2' are different"
    ):
        path(world, "number", "text<en>")
    with pytest.raises(MixedSpacesError):
        path(world, "number", "text_latent")
    assert names(path(world, "text_latent", "text<en>")) == ["y"]
    with pytest.raises(UnknownNameError, match=r"'text_latent@3'.*'text_latent@2'"):
        path(world, "number", "text_latent@3")


def test_a_bridge_that_pieces_ask_for_twice_is_crossed_once_by_a_dearer_way() -> None:
    edges = """
    {S} => bridge => {B}
    {B} => there => {P}
    {P} => home => {S}
    {B} => last => {T}
    {P} => a => {C}
    {C} => b => {B}
    """
    assert names(path(catalog(edges), "{S}", "{T}", "{P}")) == [
        *("bridge", "there", "a", "b", "last"),
    ]


def test_where_only_a_walk_over_one_edge_twice_meets_all_pieces_there_is_no_path() -> None:
    ring = ["{S} => bridge => {B}", "{B} => last => {T}"]
    for number in range(6):
        ring += [
            f"{{B}} => out{number} => {{P{number}}}",
            f"{{P{number}}} => home{number} => {{S}}",
        ]
    world = catalog("\n".join(ring))
    with pytest.raises(NoPathError, match="none with these pieces"):
        path(world, "{S}", "{T}", *[f"{{P{number}}}" for number in range(6)])
