"""Every official case is right or left out by name; nothing is silently wrong."""

import numpy as np
import pytest

from tests.conversion.official_cases import (
    OfficialCase,
    is_random,
    is_right,
    left_out,
    official_cases,
    tensor_of,
)
from tests.conversion.official_gradients import GradientVerdict, check_gradients
from transcoder.conversion import to_torch
from transcoder.conversion.operators import HANDLERS, Handler
from transcoder.errors import TranscoderError

SHARDS = 12
SAMPLE = 24
"""One case of so many is checked in the default run."""


def wrong_cases(cases: tuple[OfficialCase, ...]) -> list[str]:
    """Name the cases that are neither right nor listed."""
    wrong = []
    for case in cases:
        if case.name in left_out():
            continue
        try:
            right = is_right(case)
        except TranscoderError:
            right = False
        if not right:
            wrong.append(case.name)
    return wrong


def wrong_gradients(cases: tuple[OfficialCase, ...]) -> list[str]:
    """Name the cases whose gradients are neither right nor listed."""
    return [
        f"{case.name}: {verdict.faults[0]}"
        for case in cases
        if case.kind != "real"
        and not is_random(case.name)
        and not (verdict := check_gradients(case)).is_right
    ]


def light_cases() -> tuple[OfficialCase, ...]:
    """Leave out the whole networks, which take seconds each."""
    return tuple(case for case in official_cases() if case.kind != "real")


def test_a_sample_of_the_official_cases_gives_the_wanted_numbers() -> None:
    assert wrong_cases(light_cases()[:: SAMPLE // 4]) == []


def test_a_sample_of_the_official_cases_has_the_gradients_of_central_differences() -> None:
    assert wrong_gradients(light_cases()[::SAMPLE]) == []


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_all_official_cases_give_the_wanted_numbers(shard: int) -> None:
    assert wrong_cases(official_cases()[shard::SHARDS]) == []


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_all_official_cases_have_the_gradients_of_central_differences(shard: int) -> None:
    assert wrong_gradients(official_cases()[shard::SHARDS]) == []


def test_a_gradient_that_is_cut_short_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = (each for each in official_cases() if each.name == "test_tanh")
    assert check_gradients(case) == GradientVerdict(differentiable=True)
    cut = Handler(lambda value: value.detach().tanh())
    monkeypatch.setitem(HANDLERS, "Tanh", cut)
    assert "autograd 0, differences" in check_gradients(case).faults[0]


def test_cases_that_are_left_out_exist_and_are_few() -> None:
    names = {case.name for case in official_cases()}
    assert set(left_out()) <= names
    assert len(left_out()) <= 0.01 * len(names)


def test_random_cases_give_the_wanted_shape_and_truth_values() -> None:
    cases = [case for case in official_cases() if case.name.startswith("test_bernoulli")]
    assert len(cases) == 6
    for case in cases:
        inputs, outputs = case.data_sets[0]
        given = to_torch(case.model)(*(tensor_of(value) for value in inputs))
        wanted = np.asarray(outputs[0])
        assert given.numpy().shape == wanted.shape
        assert given.numpy().dtype == wanted.dtype
        assert set(given.unique().tolist()) <= {0.0, 1.0}


def test_a_transform_that_differs_from_the_suite_only_differs_in_its_noise() -> None:
    noisy = [name for name, reason in left_out().items() if reason.startswith("noise:")]
    for case in official_cases():
        if case.name in noisy:
            inputs, outputs = case.data_sets[0]
            given = to_torch(case.model)(*(tensor_of(value) for value in inputs))
            wanted = np.asarray(outputs[0])
            np.testing.assert_allclose(given.numpy(), wanted, atol=1e-5)
