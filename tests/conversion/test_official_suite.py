"""Every official case is right or refused by name; nothing is silently wrong."""

import pytest

from tests.conversion.official_cases import is_right, left_out, official_cases
from transcoder.errors import TranscoderError

SHARDS = 6


def wrong_cases(shard: int, *, expanded: bool) -> list[str]:
    """Run one shard and name the cases that are neither right nor listed."""
    wrong = []
    for case in official_cases()[shard::SHARDS]:
        if case.name.endswith("_expanded") is not expanded or case.name in left_out():
            continue
        try:
            right = is_right(case)
        except TranscoderError:
            right = False
        if not right:
            wrong.append(str(case.name))
    return wrong


@pytest.mark.parametrize("shard", range(SHARDS))
def test_official_cases_give_the_wanted_numbers(shard: int) -> None:
    assert wrong_cases(shard, expanded=False) == []


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_expanded_official_cases_give_the_wanted_numbers(shard: int) -> None:
    assert wrong_cases(shard, expanded=True) == []


def test_cases_left_out_are_refused_and_never_wrong() -> None:
    by_name = {str(case.name): case for case in official_cases()}
    silent = []
    for name, reason in left_out().items():
        if reason.startswith("rounding:"):
            continue
        try:
            is_right(by_name[name])
            silent.append(name)
        except TranscoderError:
            continue
    assert silent == []


def test_few_cases_are_left_out() -> None:
    assert len(left_out()) < 0.25 * len(official_cases())
