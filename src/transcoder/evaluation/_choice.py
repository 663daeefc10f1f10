"""Which of several versions paths should take, and why."""

from dataclasses import dataclass

from transcoder.errors import DataError
from transcoder.evaluation._bootstrap import Bootstrap
from transcoder.evaluation._judge import Judgement
from transcoder.vocabulary import Interval


@dataclass(frozen=True, slots=True)
class Choice:
    """What is registered, and whether paths take it.

    Attributes:
        candidate: The name of what is registered: the net or its closed form.
        becomes_current: Whether it takes the place of the present version.
        why: In words.
    """

    candidate: str
    becomes_current: bool
    why: str


def choose_current(
    net: Judgement,
    closed: Judgement,
    *,
    present: Judgement | None = None,
    replace: bool = False,
    bootstrap: Bootstrap | None = None,
) -> Choice:
    """Decide on validation rows, by paired intervals of differences.

    A net that loses to its closed form, the whole interval below zero, gives way to it. What
    remains becomes current if nothing is, if it is better than what is, the whole interval
    above zero, or if that is insisted on.

    Args:
        net: What the trained adapter reached.
        closed: What the best closed form reached on the same rows.
        present: What the current version reached on them, if there is one.
        replace: Whether to take the newcomer in any case.
        bootstrap: How intervals are drawn.

    Raises:
        DataError: If they were not judged on equally many rows.
    """
    draws = bootstrap or Bootstrap()
    against = _difference(net, closed, draws)
    loses = against is not None and against.is_below_zero
    chosen = closed if loses else net
    words = "loses to" if loses else "does not lose to"
    why = f"{net.candidate!r} {words} {closed.candidate!r} ({_shown(net, closed, against)})"
    if present is None:
        return Choice(chosen.candidate, becomes_current=True, why=f"{why}; nothing was current")
    newer = _difference(chosen, present, draws)
    better = newer is not None and newer.is_above_zero
    shown = f"({_shown(chosen, present, newer)})"
    compared = f"{'better' if better else 'not better'} than the current version {shown}"
    asked = "; it was to be replaced in any case" if replace and not better else ""
    why = f"{why}; {chosen.candidate!r} is {compared}{asked}"
    return Choice(chosen.candidate, becomes_current=better or replace, why=why)


def _difference(first: Judgement, second: Judgement, draws: Bootstrap) -> Interval | None:
    if len(first.per_row) != len(second.per_row):
        reason = (
            f"{first.candidate!r} has {len(first.per_row)} rows and "
            f"{second.candidate!r} has {len(second.per_row)}"
        )
        raise DataError("judgements to be compared", reason, "judge both on the same rows")
    return draws.difference(first.per_row, second.per_row)


def _shown(first: Judgement, second: Judgement, interval: Interval | None) -> str:
    means = f"{first.per_row.mean():.3f} against {second.per_row.mean():.3f}"
    return f"{means}, difference {interval if interval is not None else 'of one row'}"
