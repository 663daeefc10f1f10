"""Attention that is written out, as one kernel."""

import math

from transcoder.conversion import _fused
from transcoder.conversion._action import Step
from transcoder.conversion._steps import Steps, others


def find_attention(steps: Steps, step: Step, hidden: dict[int, int]) -> list[Step] | None:
    """Find products around a softmax: what runs instead of the second, None if there are none.

    Args:
        steps: The plan.
        step: A product of matrices.
        hidden: For each mask met so far, the slot that says which of its rows hide all.
    """
    shares, number = _shares(steps, step.takes[0])
    if shares is None:
        return None
    scores, mask = shares.takes[0], None
    biased = steps.maker(scores, "Add")
    if biased is not None:
        found = [slot for slot in biased.takes if _scores(steps, slot) is not None]
        if len(found) != 1:
            return None
        scores, mask = found[0], others(biased.takes, found[0])
    read = _scores(steps, scores)
    if read is None or (biased is not None and mask is None):
        return None
    product, scale = read
    (query, first), (key, second) = (_scaled(steps, slot) for slot in product.takes)
    keywords: dict[str, object] = {"scale": scale * first * second, "otherwise": number}
    keywords["axis"] = shares.keywords.get("axis", -1)
    if scale * first * second <= 0:
        return None
    takes: tuple[int, ...] = (query, key, step.takes[1])
    before = []
    if mask is not None:
        if mask not in hidden:
            hidden[mask] = steps.new_slot()
            label = f"hidden rows of {biased.label if biased else ''}"
            before.append(Step(_fused.hidden_rows, (mask,), {}, hidden[mask], (), label))
        takes = (*takes, mask, hidden[mask])
    return [*before, step._replace(run=_fused.attend, takes=takes, keywords=keywords)]


def _shares(steps: Steps, slot: int) -> tuple[Step | None, float]:
    """Find a softmax, and what a row gives that may see nothing.

    Exporters write `Where(IsNaN(shares), 0, shares)`, so that such a row gives zeros.
    """
    shares = steps.maker(slot, "Softmax")
    chosen = steps.maker(slot, "Where")
    if chosen is None:
        return shares, math.nan
    test = steps.maker(chosen.takes[0], "IsNaN")
    shares = steps.maker_of_all(chosen.takes[2], "Softmax", "GuardedSoftmax", reads=2)
    zero = steps.scalar(chosen.takes[1], rank=1)
    if test is None or zero != 0 or test.takes[0] != chosen.takes[2]:
        return None, math.nan
    return shares, 0.0


def _scores(steps: Steps, slot: int) -> tuple[Step, float] | None:
    """Find a product of matrices, perhaps times or over a number."""
    product = steps.maker(slot, "MatMul")
    if product is not None:
        return product, 1.0
    inner, scale = _scaled(steps, slot)
    product = steps.maker(inner, "MatMul")
    return None if product is None or inner == slot else (product, scale)


def _scaled(steps: Steps, slot: int) -> tuple[int, float]:
    """Find what is multiplied by, or divided by, a single number, and that number."""
    step = steps.maker(slot, "Mul", "Div")
    if step is None:
        return slot, 1.0
    divides = steps.maker(slot, "Div") is not None
    number = steps.scalar(step.takes[1], rank=2)
    if number:
        return step.takes[0], 1 / number if divides else number
    number = None if divides else steps.scalar(step.takes[0], rank=2)
    return (step.takes[1], number) if number else (slot, 1.0)
