"""What an edge costs."""

from dataclasses import replace
from math import inf, log, nan

import pytest

from tests.planner.planner_worlds import edge
from transcoder.errors import FaultsError
from transcoder.planner import (
    SYNTHETIC_RETENTION,
    UNMEASURED_RETENTION,
    Preference,
    edge_cost,
    latency_ms,
)
from transcoder.vocabulary import Segment

QUALITY = Preference(latency=0, size=0, hops=0)


@pytest.mark.parametrize(
    ("line", "retention"),
    [
        ("{A} -> x -> {B}", 1),
        ("{A} => x => {B}", 1),
        ("{A} ~> x ~> {B}", SYNTHETIC_RETENTION),
        ("{A} -> x -> {B} transcoder", UNMEASURED_RETENTION),
        ("{A} -> x -> {B} transcoder 0.9", 0.9),
        ("{A} -> x -> {B} transcoder 1.2", 1),
        ("{A} -> x -> {B} transcoder 0.0", 1e-3),
    ],
)
def test_quality_is_minus_the_logarithm_of_what_is_retained(
    line: str, retention: float
) -> None:
    assert edge_cost(edge(line), QUALITY) == max(1, round(-log(retention) * 1e6))


def test_size_latency_and_hops_add_up() -> None:
    segment = edge("{A} -> x -> {B}")
    assert isinstance(segment, Segment)
    weights = Preference(quality=0, latency=2, size=0.25, hops=3)
    assert edge_cost(segment, weights) == round((2 * latency_ms(segment) + 100 + 3) * 1e6)


def test_a_measured_latency_is_believed() -> None:
    key, signature = edge("{A} -> x -> {B}"), None
    assert isinstance(key, Segment)
    measured = Segment(key.key, digest="d", signature=signature, lineage={"latency_ms": 7.5})
    assert latency_ms(measured) == 7.5
    assert latency_ms(Segment(key.key, lineage={"latency_ms": "soon"})) < 1


def test_a_cost_is_a_number_whatever_the_weight() -> None:
    assert edge_cost(edge("{A} -> x -> {B}"), Preference(latency=1e308, hops=1e308)) > 0


@pytest.mark.parametrize("weight", [-1.0, nan, inf])
def test_a_weight_that_is_no_weight_is_refused(weight: float) -> None:
    with pytest.raises(FaultsError, match=r"the weight 'quality' is .*weights of zero or more"):
        Preference(quality=weight)


def test_licences_can_be_forbidden_and_so_can_unstated_ones() -> None:
    free, unstated = replace(edge("{A} -> x -> {B}"), licence="MIT"), edge("{A} => x => {B}")
    forbidding = Preference(forbid_licences=frozenset({"MIT"}))
    assert (forbidding.admits(free), forbidding.admits(unstated)) == (False, True)
    stating = Preference(forbid_licences=frozenset({"unknown"}))
    assert (stating.admits(free), stating.admits(unstated)) == (True, False)
