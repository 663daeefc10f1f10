"""The grammar of names, and the laws of the nouns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import MalformedNameError, UnknownNameError
from transcoder.vocabulary import (
    Catalog,
    EdgePath,
    Modality,
    ModalityEntry,
    Segment,
    SegmentKey,
    Spec,
    Split,
    SplitShares,
    TensorSpec,
    canonical_json,
    digest_of,
    split_of,
)

WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@given(WORDS, st.lists(WORDS, max_size=3))
def test_a_modality_is_read_as_it_is_written(name: str, arguments: list[str]) -> None:
    modality = Modality(f"m_{name}", tuple(arguments))
    assert Modality.parse(str(modality)) == modality


@pytest.mark.parametrize(
    "text", ["", "text<", "text<>", "{A", "text<en>@1", "{A}<en>", "a b", "text_latent<en>"]
)
def test_what_the_grammar_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(MalformedNameError, match="write it like"):
        Modality.parse(text)


def test_latents_are_told_from_content() -> None:
    uuid = "123e4567-e89b-12d3-a456-426614174000"
    assert [
        Modality.parse(text).is_private for text in ("{A}", uuid, "text_latent", "text<en>")
    ] == [
        True,
        True,
        False,
        False,
    ]
    assert Modality.parse("text_latent@2").is_standard_latent


def test_variables_bind_alike_wherever_they_stand() -> None:
    pattern = Modality.parse("seq<L, L>")
    assert pattern.match(Modality.parse("seq<en, en>"), {}) == {"L": "en"}
    assert pattern.match(Modality.parse("seq<en, de>"), {}) is None
    assert pattern.match(Modality.parse("seq<en, en>"), {"L": "de"}) is None


@pytest.mark.parametrize(
    "texts", [["hidden float32[batch]"], ["h: float31[batch]"], ["h: float32[time, batch]"], []]
)
def test_a_spec_that_is_none_is_refused(texts: list[str]) -> None:
    with pytest.raises(MalformedNameError, match="write it like"):
        Spec.parse(*texts)


def test_a_free_axis_accepts_any_length_and_a_number_only_itself() -> None:
    free, fixed = (
        TensorSpec.parse("h: float32[batch, n]"),
        TensorSpec.parse("h: float32[batch, 4]"),
    )
    assert TensorSpec.parse("h: float32[batch, ²]").axes == ("batch", "²")
    assert free.accepts(fixed)
    assert not fixed.accepts(free)
    assert not fixed.accepts(TensorSpec.parse("h: float64[batch, 4]"))


@given(st.text(max_size=20), st.floats(0, 0.4), st.floats(0, 0.4))
def test_a_group_stands_in_one_split_forever(
    group: str, test: float, validation: float
) -> None:
    shares = SplitShares(test, validation)
    assert split_of(group, shares) is split_of(group, shares)


def test_splits_have_about_their_shares() -> None:
    splits = [split_of(str(number), SplitShares()) for number in range(10_000)]
    assert abs(splits.count(Split.TEST) - 1200) < 120
    assert abs(splits.count(Split.VALIDATION) - 800) < 100


def test_equal_facts_have_equal_digests() -> None:
    assert digest_of({"a": 1, "b": (2, 3)}) == digest_of({"b": [2, 3], "a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_an_open_latent_resolves_to_its_newest_version() -> None:
    entries = [ModalityEntry(Modality("text_latent", version=each)) for each in (1, 10, 2)]
    catalog = Catalog(modalities={entry.modality: entry for entry in entries})
    assert catalog.resolve(Modality("text_latent")).version == 10
    with pytest.raises(UnknownNameError, match="there is no modality 'text<en>'"):
        catalog.resolve(Modality.parse("text<en>"))


def test_an_unknown_name_is_answered_with_its_neighbours() -> None:
    error = UnknownNameError("dataset", "nubmers", ["numbers", "letters"])
    assert str(error) == "there is no dataset 'nubmers'; did you mean 'numbers'?"


def test_a_path_is_written_with_the_arrows_of_its_edges() -> None:
    a, b = Modality.parse("{A}"), Modality.parse("{B}")
    path = EdgePath(a, (Segment(SegmentKey("M", a, b)),))
    assert str(path) == "{A} -> [M] -> {B}"
    assert path.then(EdgePath(b)).modalities == (a, b)
    assert EdgePath(a).target == a
