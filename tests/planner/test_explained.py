"""Why one path and not another."""

import pytest

from tests.planner.planner_worlds import catalog, modality
from transcoder.planner import Preference, explain_path, find_path
from transcoder.vocabulary import Catalog
from transcoder.workflows import find_preferences, read_preference

WORLD = catalog(
    """
    {A} -> good -> {C} transcoder 0.9
    {A} -> poor -> {C} transcoder 0.2
    """
)


def why(world: Catalog, preference: Preference | None = None) -> str:
    wanted = preference or Preference()
    found = find_path(world, modality("{A}"), modality("{C}"), preference=wanted)
    return explain_path(world, found, preference=wanted).sentence


def test_the_next_best_and_by_what_it_is_worse_are_said() -> None:
    assert why(WORLD) == "{A} -> [poor] -> {C} costs 1.5041 more (quality +1.5041)"


def test_the_costs_of_the_steps_add_up_to_that_of_the_path() -> None:
    found = explain_path(WORLD, find_path(WORLD, modality("{A}"), modality("{C}")))
    assert found.cost == pytest.approx(sum(each.terms.total for each in found.edges), abs=2e-6)
    assert found.next_cost is not None
    assert found.next_cost > found.cost


def test_an_equal_path_comes_behind_by_name_and_an_only_one_is_said_to_be_so() -> None:
    assert why(catalog("{A} -> n -> {C}\n{A} -> m -> {C}")) == (
        "{A} -> [n] -> {C} costs as much, and comes behind it by name"
    )
    assert why(catalog("{A} -> m -> {C}")) == "it is the only path"


def test_a_path_that_is_not_the_best_says_how_much_less_the_best_costs() -> None:
    poor = find_path(
        WORLD,
        modality("{A}"),
        modality("{C}"),
        preference=Preference(exclude=frozenset({"good"})),
    )
    assert explain_path(WORLD, poor).sentence == (
        "{A} -> [good] -> {C} costs 1.5041 less (quality -1.5041)"
    )


def test_a_named_preference_changes_what_is_best() -> None:
    world = catalog("{A} -> poor -> {C} transcoder 0.5\n{A} => x => {B}\n{B} => y => {C}")
    ends = modality("{A}"), modality("{C}")
    taken = {
        name: len(find_path(world, *ends, preference=read_preference(name)).edges)
        for name in find_preferences()
    }
    assert taken == {"balanced": 2, "quality": 2, "fast": 1, "short": 1, "small": 2}
