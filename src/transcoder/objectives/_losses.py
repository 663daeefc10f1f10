"""The losses themselves."""

from torch import Tensor
from torch.nn import functional

from transcoder.errors import DataError


def mse(given: Tensor, wanted: Tensor) -> Tensor:
    """Average the squared differences.

    Args:
        given: What came out, floating (batch, ...).
        wanted: What should have come out, floating, of the same axes.

    Returns:
        A scalar, in squared units of the tensors.
    """
    return functional.mse_loss(given, wanted)


def smooth_l1(given: Tensor, wanted: Tensor, *, beta: float = 1.0) -> Tensor:
    """Average differences that count squared near zero and straight beyond.

    Girshick 2015, "Fast R-CNN" (arXiv 1504.08083).

    Args:
        given: What came out, floating (batch, ...).
        wanted: What should have come out, floating, of the same axes.
        beta: Where the square ends, in units of the tensors.

    Returns:
        A scalar, in units of the tensors.
    """
    return functional.smooth_l1_loss(given, wanted, beta=beta)


def cosine_distance(given: Tensor, wanted: Tensor) -> Tensor:
    """Measure how far apart two batches of vectors point.

    Args:
        given: What came out, floating (batch, dim), any length.
        wanted: What should have come out, floating (batch, dim), any length.

    Returns:
        The mean of 1 - cosine, a scalar in [0, 2].
    """
    return (1 - functional.cosine_similarity(given, wanted, dim=-1)).mean()


def cross_entropy(logits: Tensor, tokens: Tensor) -> Tensor:
    """Measure how unlikely the wanted symbols are, the end of the text among them.

    Symbol 0 ends a text and pads it, so that every position has a wanted symbol.

    Args:
        logits: Unnormalized scores, floating (batch, position, symbol).
        tokens: Wanted symbols, int64 (batch, time), zero where a row is over.

    Returns:
        The mean over rows and positions, a scalar in nats.

    Raises:
        DataError: If a row has more symbols than there are positions.
    """
    positions, time = logits.shape[1], tokens.shape[1]
    surplus = tokens[:, positions:]
    if surplus.any():
        row = int(surplus.any(dim=1).nonzero()[0])
        reason = f"row {row} of a batch has more than the {positions} symbols that logits have"
        raise DataError("wanted tokens", reason, "leave out rows whose text is so long")
    padded = functional.pad(tokens[:, :positions], (0, max(positions - time, 0)))
    return functional.cross_entropy(logits.flatten(0, 1), padded.flatten())
