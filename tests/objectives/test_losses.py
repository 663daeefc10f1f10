import pytest
import torch
from torch.nn import functional

from transcoder.errors import DataError, UnknownNameError
from transcoder.objectives import cosine_distance, cross_entropy, mse, objective_for
from transcoder.vocabulary import Scorer


def test_mse_averages_squared_differences() -> None:
    given, wanted = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 5.0]])
    assert mse(given, wanted).item() == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("other", "distance"), [([3.0, 0.0], 0), ([0.0, 2.0], 1), ([-1.0, 0], 2)]
)
def test_cosine_distance_knows_directions_only(other: list[float], distance: float) -> None:
    given, wanted = torch.tensor([[5.0, 0.0]]), torch.tensor([other])
    assert cosine_distance(given, wanted).item() == pytest.approx(distance)


def test_cross_entropy_wants_the_end_symbol_where_a_row_is_over() -> None:
    logits = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(0))
    tokens = torch.tensor([[1, 2], [3, 0]])
    wanted = torch.tensor([1, 2, 0, 0, 3, 0, 0, 0])
    exact = functional.cross_entropy(logits.reshape(8, 5), wanted)
    assert cross_entropy(logits, tokens).item() == pytest.approx(exact.item())


def test_cross_entropy_cuts_padding_that_is_longer_than_the_logits() -> None:
    logits = torch.zeros(1, 2, 3)
    assert cross_entropy(logits, torch.tensor([[1, 2, 0, 0]])).item() == pytest.approx(
        1.0986, 1e-3
    )


def test_cross_entropy_refuses_symbols_that_have_no_position() -> None:
    tokens = torch.tensor([[1, 2, 0], [1, 2, 1]])
    with pytest.raises(DataError, match=r"row 1 of a batch has more than the 2 symbols"):
        cross_entropy(torch.zeros(2, 2, 3), tokens)


def test_gradients_pass_through_every_loss() -> None:
    given = torch.ones(2, 3, 4, requires_grad=True)
    cross_entropy(given, torch.tensor([[1], [2]])).backward()  # type: ignore[no-untyped-call] # torch's
    assert given.grad is not None
    assert given.grad.abs().sum() > 0


def test_every_listed_scorer_has_its_loss() -> None:
    losses = [objective_for(each) for each in (Scorer.MSE, Scorer.COSINE, Scorer.CROSS_ENTROPY)]
    assert losses == [mse, cosine_distance, cross_entropy]


def test_a_scorer_that_only_judges_has_no_loss() -> None:
    with pytest.raises(UnknownNameError, match=r"no loss for the scorer 'exact_match'"):
        objective_for(Scorer.EXACT_MATCH)
