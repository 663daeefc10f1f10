"""What is said where no path is."""

import pytest

from tests.planner.planner_worlds import catalog, modality, numbers
from transcoder.errors import NoPathError
from transcoder.planner import explain_missing, find_missing, find_missing_set, find_path


def test_the_transcoder_that_is_missing_is_named_and_can_be_trained() -> None:
    with pytest.raises(
        NoPathError,
        match=(
            r"no path from '\{EnTTS\}' to 'text<de>'; "
            r"a transcoder '\{EnTTS\}' -> 'text_latent@1' would make one, "
            r"and it can be trained from what is registered: "
            r'see transcoder opportunities "\{EnTTS\}" "text_latent@1"'
        ),
    ):
        find_path(numbers(), modality("{EnTTS}"), modality("text<de>"))


def test_what_cannot_be_trained_is_said_to_be_so() -> None:
    world = catalog("text<en> => x => {A}\n{B} => y => text<de>")
    said = explain_missing(world, modality("text<en>"), modality("text<de>"))
    assert said.startswith("a transcoder '{A}' -> '{B}' would make one, and it cannot")


def test_one_that_can_be_trained_comes_before_a_cheaper_one_that_cannot() -> None:
    world = catalog(
        """
        text<en> => x => {A}
        {B} => y => text<de>
        {C} -> far -> logits<C>
        logits<C> => z => text<de>
        number => w => {C}
        number => words => text<en>
        """,
        "digits: digit number",
    )
    missing = find_missing(world, modality("text<en>"), modality("text<de>"))
    assert missing is not None
    assert missing.is_trainable
    assert (str(missing.source), str(missing.target)) == ("{A}", "{C}")


def test_the_first_by_name_is_missing_where_several_are_as_cheap() -> None:
    world = catalog("number => x => {B}\nnumber => x2 => {A}\n{C} => y => text<de>")
    missing = find_missing(world, modality("number"), modality("text<de>"))
    assert missing is not None
    assert str(missing.source) == "{A}"


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ("number => x => text<en>\n{B} => y => text<de>", "'number' reaches no latent"),
        ("number => x => {A}\ntext<en> => y => text<de>", "no latent reaches 'text<de>'"),
        ("number => x => text<de>", "no transcoder is missing"),
    ],
)
def test_what_no_transcoder_mends_is_said(edges: str, said: str) -> None:
    assert said in explain_missing(catalog(edges), modality("number"), modality("text<de>"))


def test_a_piece_off_all_paths_is_answered_with_the_transcoder_that_it_lacks() -> None:
    world = numbers()
    lacking = r"with '\{EnTTS\}', a transcoder '\{EnTTS\}' -> 'text_latent@1' would make one"
    with pytest.raises(NoPathError, match=lacking):
        find_path(world, modality("text<en>"), modality("text<de>"), pieces=["{EnTTS}"])


ISLANDS = """
text<en> => in => {A}
{B} => middle => {C}
{D} => out => text<de>
"""


def test_several_transcoders_are_named_in_the_order_of_the_way() -> None:
    world = catalog(ISLANDS)
    found = find_missing_set(world, modality("text<en>"), modality("text<de>"), ["middle"])
    assert [(str(each.source), str(each.target)) for each in found] == [
        ("{A}", "{B}"),
        ("{C}", "{D}"),
    ]
    with pytest.raises(
        NoPathError,
        match=(
            r"with 'middle', 2 transcoders would make one: '\{A\}' -> '\{B\}', which cannot be "
            r"trained from what is registered and '\{C\}' -> '\{D\}', which cannot"
        ),
    ):
        find_path(world, modality("text<en>"), modality("text<de>"), pieces=["middle"])


def test_the_order_of_pieces_that_lacks_fewest_is_told() -> None:
    world = catalog(ISLANDS + "{A} -> first -> {B}\n{C} -> second -> {A}")
    found = find_missing_set(
        world, modality("text<en>"), modality("text<de>"), ["second", "first"]
    )
    assert len(found) == 1
    assert str(found[0].target) == "{D}"


def test_nothing_is_missing_where_every_leg_is_joined() -> None:
    world = catalog("text<en> => in => {A}\n{A} => out => text<de>")
    assert find_missing_set(world, modality("text<en>"), modality("text<de>"), ["in"]) == ()


def test_a_piece_that_is_yet_to_be_trained_is_no_unknown_name() -> None:
    edges = (
        "text<en> => in => {A}\n{A} => out => text<de>\n{A} -> new -> {B} transcoder untrained"
    )
    world = catalog(edges + "\n{B} => far => text<de>")
    with pytest.raises(NoPathError, match="there is none with these pieces, but without that"):
        find_path(world, modality("text<en>"), modality("text<de>"), pieces=["new"])
