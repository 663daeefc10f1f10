from collections.abc import Callable
from math import exp, log

import pytest
import torch
from torch import Tensor

from transcoder.objectives import (
    ctc,
    cycle,
    distance_preserving,
    hardest_ranking,
    info_nce,
    pairwise_ranking,
    smooth_l1,
)

EYE = torch.eye(2)


def _vectors(seed: int, rows: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, 3, generator=generator, dtype=torch.float64)


def test_info_nce_of_orthogonal_pairs_is_known() -> None:
    wanted = log(1 + exp(-1))
    assert info_nce(EYE, 5 * EYE, temperature=1.0).item() == pytest.approx(wanted)


def test_ranking_sums_all_wrong_pairs_or_takes_the_worst() -> None:
    given, wanted = torch.eye(3), torch.eye(3)[[1, 1, 2]]
    # Rows 0 and 1 both want e1. There: row 0 has cosines (0, 0, 0), row 1
    # (1, 1, 0). Back: column 0 sees (0, 1, 0) with 0 right, the others nothing or 0.2.
    assert pairwise_ranking(given, wanted).item() == pytest.approx((0.4 + 0.2 + 1.4 + 0.0) / 3)
    assert hardest_ranking(given, wanted).item() == pytest.approx((0.2 + 0.2 + 1.2 + 0.0) / 3)


def test_ranking_is_zero_where_right_pairs_lead_by_the_margin() -> None:
    assert pairwise_ranking(EYE, 7 * EYE).item() == 0


def test_distances_do_not_see_rotation_scale_or_shift() -> None:
    rotation = torch.linalg.qr(_vectors(1, rows=3)).Q
    x = _vectors(0)
    assert distance_preserving(7 * x @ rotation + 3, x).item() == pytest.approx(0, abs=1e-12)
    assert distance_preserving(_vectors(2), x).item() > 0.01


def test_distances_of_three_points_are_compared_in_units_of_their_mean() -> None:
    line, bent = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[0.0], [1.0], [3.0]])
    # (1, 2, 1) / (4/3) against (1, 3, 2) / 2: differences 0.25, 0, 0.25.
    assert distance_preserving(line, bent).item() == pytest.approx(0.0625 / 3)


def test_smooth_l1_is_squared_near_zero_and_straight_beyond() -> None:
    given, wanted = torch.tensor([0.5, 3.0]), torch.zeros(2)
    assert smooth_l1(given, wanted).item() == pytest.approx((0.125 + 2.5) / 2)


def test_ctc_of_one_symbol_in_two_steps_sums_three_alignments() -> None:
    logits = torch.zeros(1, 3, 2)
    mask, tokens = torch.tensor([[True, True, False]]), torch.tensor([[1]])
    assert ctc(logits, tokens, mask).item() == pytest.approx(-log(3 / 4))


def test_a_cycle_that_leads_back_costs_nothing() -> None:
    x = _vectors(0)
    assert cycle(2 * x, x, lambda given: given / 2).item() == 0
    assert cycle(2 * x, x, lambda given: given).item() == pytest.approx(
        x.square().mean().item()
    )


@pytest.mark.parametrize(
    "loss", [info_nce, pairwise_ranking, hardest_ranking, distance_preserving, smooth_l1]
)
def test_gradients_are_those_of_finite_differences(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    given = _vectors(3).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: loss(each, _vectors(4)), (given,))


@pytest.mark.parametrize("loss", [info_nce, pairwise_ranking, distance_preserving])
def test_a_batch_of_one_row_is_a_number(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    assert loss(_vectors(0, rows=1), _vectors(1, rows=1)).item() == pytest.approx(0)
