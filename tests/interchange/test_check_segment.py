from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.interchange import check_segment
from transcoder.vocabulary import Signature, Spec, TensorSpec

SOURCE = Spec.parse("hidden: float32[batch, time, 8]", "mask: bool[batch, time]")
TARGET = Spec.parse("latent: float32[batch, 4]")


def faults(
    inputs: list[str], outputs: list[str], names: Mapping[str, str] | None = None
) -> list[str]:
    signature = Signature(
        tuple(map(TensorSpec.parse, inputs)), tuple(map(TensorSpec.parse, outputs)), 18, 1, 1
    )
    return check_segment("Net", signature, SOURCE, TARGET, names or {})


@pytest.mark.parametrize(
    ("given_input", "given_output"),
    [
        ("hidden: float32[batch, time, 8]", "latent: float32[batch, 4]"),
        ("hidden: float32[n, ?, ?]", "latent: float32[n, ?]"),
        ("mask: bool[batch, time]", "latent: float32[?, 4]"),
    ],
)
def test_a_graph_that_fits_has_no_faults(given_input: str, given_output: str) -> None:
    assert faults([given_input], [given_output, "more: int64[]"]) == []


@pytest.mark.parametrize(
    ("given_input", "text"),
    [
        ("other: float32[batch, 8]", "'Net' takes [other: float32[batch, 8]] but its source"),
        ("hidden: float32[1, time, 8]", "whose batch is fixed; export it with a dynamic"),
        ("hidden: float64[batch, time, 8]", "takes [hidden: float64[batch, time, 8]] but"),
        ("hidden: float32[batch, time, 9]", "but its source gives [hidden: float32[batch"),
        ("hidden: float32[batch, 20, 8]", "but its source gives [hidden: float32[batch"),
        ("hidden: float32[batch, 8]", "but its source gives [hidden: float32[batch"),
    ],
)
def test_an_input_that_does_not_fit_is_named(given_input: str, text: str) -> None:
    (fault,) = faults([given_input], ["latent: float32[batch, 4]"])
    assert text in fault


@pytest.mark.parametrize(
    ("given_output", "text"),
    [
        ("other: float32[batch, 4]", "gives [other: float32[batch, 4]] but its target needs"),
        ("latent: float32[1, 4]", "whose batch is fixed"),
        ("latent: float32[batch, 5]", "but its target needs [latent: float32[batch, 4]]"),
        ("latent: float32[batch, time]", "but its target needs [latent: float32[batch, 4]]"),
        ("latent: float16[batch, 4]", "but its target needs [latent: float32[batch, 4]]"),
        ("latent: float32[batch, 4, 1]", "but its target needs [latent: float32[batch, 4]]"),
    ],
)
def test_an_output_that_does_not_fit_is_named(given_output: str, text: str) -> None:
    (fault,) = faults(["mask: bool[batch, time]"], [given_output])
    assert text in fault


def test_names_lead_from_the_specs_to_the_graph() -> None:
    names = {"source.hidden": "x", "latent": "y"}
    assert faults(["x: float32[b, t, 8]"], ["y: float32[b, 4]"], names) == []


def test_a_graph_without_inputs_is_refused() -> None:
    assert "takes no input" in faults([], ["latent: float32[batch, 4]"])[0]


def test_a_renaming_that_leads_nowhere_is_a_fault() -> None:
    found = faults(
        ["mask: bool[batch, time]"],
        ["latent: float32[batch, 4]"],
        {"hiden": "x", "mask": "mask"},
    )
    assert [fault.split(" ", 1)[1] for fault in found] == [
        "renames 'hiden', which neither of its specs has",
        "renames 'hiden' to 'x', which its graph does not have",
    ]


AXES = st.lists(st.one_of(st.integers(1, 9), st.sampled_from("abc")), max_size=3).map(tuple)


@given(AXES, AXES)
def test_a_graph_made_of_its_own_specs_always_fits(
    first: tuple[str | int, ...], second: tuple[str | int, ...]
) -> None:
    source = TensorSpec("x", "float32", ("batch", *first))
    target = TensorSpec("y", "float32", ("batch", *second))
    signature = Signature((source,), (target,), 18, 0, 1)
    assert check_segment("Net", signature, Spec((source,)), Spec((target,)), {}) == []
