"""Losses of sequences whose rows differ in length, and of maps there and back."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional


def ctc(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Measure how unlikely the wanted symbols are over all their alignments; symbol 0 is blank.

    Graves, Fernández, Gomez and Schmidhuber 2006, "Connectionist temporal classification:
    labelling unsegmented sequence data with recurrent neural networks", ICML.

    Args:
        logits: Unnormalized scores, floating (batch, time, symbol).
        tokens: Wanted symbols, int64 (batch, length), zero where a row is over.
        mask: Which steps of time exist, bool (batch, time), a row's first ones.

    Returns:
        The mean over rows of the loss per wanted symbol, a scalar in nats; a row too short for
        its symbols counts nothing.
    """
    scores = functional.log_softmax(logits, dim=-1).transpose(0, 1)
    lengths = (tokens != 0).sum(dim=1)
    return functional.ctc_loss(scores, tokens, mask.sum(dim=1), lengths, zero_infinity=True)


def cycle(given: Tensor, origin: Tensor, back: Callable[[Tensor], Tensor]) -> Tensor:
    """Average the squared distance from where a row came to where the way back leads.

    Zhu, Park, Isola and Efros 2017, "Unpaired image-to-image translation using
    cycle-consistent adversarial networks" (arXiv 1703.10593), squared here.

    Args:
        given: What the way there gave, floating (batch, dim).
        origin: Where it started, floating (batch, source dim).
        back: The way back, from (batch, dim) to (batch, source dim).

    Returns:
        A scalar, in squared units of the origin.
    """
    return functional.mse_loss(back(given), origin)
