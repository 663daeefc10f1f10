"""Losses that tell right pairs from wrong ones, or keep the shape of a space."""

import torch
from torch import Tensor
from torch.nn import functional


def info_nce(given: Tensor, wanted: Tensor, *, temperature: float = 0.07) -> Tensor:
    """Find each wanted row among all of the batch by its given one, and the other way round.

    Van den Oord, Li and Vinyals 2018, "Representation learning with contrastive predictive
    coding" (arXiv 1807.03748), in both directions as Radford et al. 2021 (arXiv 2103.00020).

    Args:
        given: What came out, floating (batch, dim), any length.
        wanted: What should have come out, floating (batch, dim), any length.
        temperature: What cosines are divided by.

    Returns:
        The mean cross-entropy of both directions, a scalar in nats.
    """
    scores = _cosines(given, wanted) / temperature
    right = torch.arange(len(scores), device=scores.device)
    there = functional.cross_entropy(scores, right)
    return (there + functional.cross_entropy(scores.T, right)) / 2


def pairwise_ranking(
    given: Tensor, wanted: Tensor, *, margin: float = 0.2, hardest: bool = False
) -> Tensor:
    """Rank each right pair above the wrong ones by a margin of cosine, in both directions.

    Kiros, Salakhutdinov and Zemel 2014, "Unifying visual-semantic embeddings with multimodal
    neural language models" (arXiv 1411.2539); with `hardest` only the worst wrong pair counts,
    as Faghri et al. 2017, "VSE++" (arXiv 1707.05612).

    Args:
        given: What came out, floating (batch, dim), any length.
        wanted: What should have come out, floating (batch, dim), any length.
        margin: By how much a right pair should be closer.
        hardest: Whether only the worst of the wrong pairs counts, instead of their sum.

    Returns:
        The mean over rows of both directions' hinges, a scalar of 0 or above; 0 for one row.
    """
    scores = _cosines(given, wanted)
    right = scores.diagonal()
    same = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    hinges = [
        (margin + each - right[:, None]).clamp(min=0).masked_fill(same, 0.0)
        for each in (scores, scores.T)
    ]
    per_row = [each.amax(dim=1) if hardest else each.sum(dim=1) for each in hinges]
    return torch.stack(per_row).sum(dim=0).mean()


def hardest_ranking(given: Tensor, wanted: Tensor) -> Tensor:
    """Rank each right pair above its worst wrong pair; see `pairwise_ranking`.

    Args:
        given: What came out, floating (batch, dim).
        wanted: What should have come out, floating (batch, dim).

    Returns:
        A scalar of 0 or above.
    """
    return pairwise_ranking(given, wanted, hardest=True)


def distance_preserving(given: Tensor, wanted: Tensor) -> Tensor:
    """Compare the distances between all rows of a batch, each side's in units of its mean.

    The distance-wise loss of Park, Kim, Lu and Cho 2019, "Relational knowledge distillation"
    (arXiv 1904.05068), with their Huber loss.

    Args:
        given: What came out, floating (batch, dim).
        wanted: What should have come out, floating (batch, other dim).

    Returns:
        The mean over pairs of rows, a scalar without a unit; 0 for one row.
    """
    if len(given) == 1:
        return given.sum() * 0
    mine, other = functional.pdist(given), functional.pdist(wanted)
    return functional.smooth_l1_loss(
        mine / mine.mean().clamp(min=1e-12), other / other.mean().clamp(min=1e-12)
    )


def _cosines(given: Tensor, wanted: Tensor) -> Tensor:
    return functional.normalize(given, dim=-1) @ functional.normalize(wanted, dim=-1).T
