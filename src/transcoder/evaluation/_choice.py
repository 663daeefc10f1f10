"""Which of several versions paths should take, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from transcoder.errors import DataError
from transcoder.evaluation._bootstrap import Bootstrap
from transcoder.evaluation._judge import Judgement
from transcoder.vocabulary import Interval, Score

LEAST_ROWS = 6
"""Of fewer, even if all say the same, no interval at 95 % keeps its word: 2 * 2**-5 is 0.06."""


_ROUNDING = 1e-3
"""An R² no further from zero is that of the mean vector."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is registered, and whether paths take it.

    Attributes:
        candidate: The name of what is registered: the net or a closed form.
        becomes_current: Whether it takes the place of the present version.
        why: In words.
    """

    candidate: str
    becomes_current: bool
    why: str


def choose_current(
    net: Judgement,
    rungs: Sequence[Judgement],
    *,
    present: Judgement | None = None,
    replace: bool = False,
    insist: bool = False,
    bootstrap: Bootstrap | None = None,
) -> Choice:
    """Decide on validation rows, by paired intervals of differences.

    The cheapest that nothing is better than wins: the best rows' mean minus its own has an
    interval that reaches zero. Where latents alone were compared, what lies further off than
    their mean vector is left out. What is chosen becomes current if nothing is, if it is better
    than what is, the whole interval above zero, or if that is asked for; what says no more than
    the mean vector only if that is asked for.

    Args:
        net: What the trained adapter, the dearest, reached.
        rungs: What the closed forms reached on the same rows, the cheapest first.
        present: What the current version reached on them, if there is one.
        replace: Whether to take the newcomer in any case.
        insist: Whether the net is chosen in any case.
        bootstrap: How intervals are drawn.

    Raises:
        DataError: If they were not judged on equally many rows.
    """
    draws = bootstrap or Bootstrap()
    chosen, why = _cheapest(net, rungs, draws)
    if insist and chosen is not net:
        chosen, why = net, f"{why}; {net.candidate!r} is taken because the recipe insists"
    if _is_constant(chosen):
        why = f"{why}; it says no more than the mean vector, so that nothing was learnt"
        return Choice(chosen.candidate, becomes_current=replace, why=why)
    if present is None:
        return Choice(chosen.candidate, becomes_current=True, why=f"{why}; nothing was current")
    newer = _difference(chosen, present, draws)
    separates = len(chosen.per_row) >= LEAST_ROWS
    better = separates and newer is not None and newer.is_above_zero
    shown = f"({_shown(chosen, present, newer)})"
    compared = f"{'better' if better else 'not better'} than the current version {shown}"
    asked = "; it was to be replaced in any case" if replace and not better else ""
    why = f"{why}; {chosen.candidate!r} is {compared}{asked}"
    return Choice(chosen.candidate, becomes_current=better or replace, why=why)


def _cheapest(
    net: Judgement, rungs: Sequence[Judgement], draws: Bootstrap
) -> tuple[Judgement, str]:
    """Find the cheapest within noise of the best, and say against whom it was decided."""
    if not rungs:
        return net, f"no closed form fits its ends, so {net.candidate!r} stands alone"
    everyone = [each for each in (*rungs, net) if not is_lost(each)] or [*rungs, net]
    closed, best = (
        _best([each for each in everyone if each is not net] or rungs),
        _best(everyone),
    )
    if len(net.per_row) == len(closed.per_row) < LEAST_ROWS:
        rows = len(net.per_row)
        count = (
            "one validation row separates" if rows == 1 else f"{rows} validation rows separate"
        )
        why = f"{count} nothing, so the closed form {closed.candidate!r} is taken"
        return closed, f"{why}; give the validation split more rows"
    gaps = ((each, _difference(best, each, draws)) for each in everyone)
    chosen, gap = next((each, gap) for each, gap in gaps if gap and not gap.is_above_zero)
    if chosen is not net and chosen is not best:
        words = f"the cheapest within noise of {best.candidate!r}"
        return chosen, f"{chosen.candidate!r} is {words} ({_shown(best, chosen, gap)})"
    shown = _shown(net, closed, _difference(net, closed, draws))
    words = "better" if chosen is net else "not better"
    against = f"{words} than the best closed form {closed.candidate!r} ({shown})"
    return chosen, f"{net.candidate!r} is {against}"


def is_lost(judged: Judgement) -> bool:
    """Say whether latents, alone compared, lie further off than their mean vector does."""
    r2 = _maybe_r2(judged)
    has_chain = any(score.name.endswith("/retention") for score in judged.scores)
    return r2 is not None and r2.value < -_ROUNDING and not has_chain


def _is_constant(judged: Judgement) -> bool:
    r2 = _maybe_r2(judged)
    if r2 is None or r2.interval is None:
        return False
    return max(abs(r2.interval.low), abs(r2.interval.high)) < _ROUNDING


def _maybe_r2(judged: Judgement) -> Score | None:
    return next((score for score in judged.scores if score.name.endswith("/r2")), None)


def _best(judged: Sequence[Judgement]) -> Judgement:
    return max(judged, key=lambda each: float(each.per_row.mean()))


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
