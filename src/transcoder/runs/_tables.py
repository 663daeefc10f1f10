"""Results where people would rather look than read."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from transcoder.evaluation import Judgement, StratumScore
from transcoder.reports import PlainScore, RunResult
from transcoder.vocabulary import Score

_TEST = {
    "test/r2": "R²",
    "test/cosine": "cosine",
    "test/recall_at_1": "R@1",
    "test/exact_match": "exact match",
    "test/native": "native",
    "test/retention": "retention",
}
_VALIDATION = {
    "validation/r2": "R²",
    "validation/cosine": "cosine",
    "validation/retention": "retention",
}


def ladder_table(judged: Sequence[Judgement]) -> Table:
    """Compare the closed forms on validation rows."""
    found = [
        (each.candidate, {score.name: plain_score(score) for score in each.scores})
        for each in judged
    ]
    shown = _measured(_VALIDATION, [scores for _, scores in found])
    table = Table("closed form", *shown.values(), title="validation rows")
    for candidate, scores in found:
        table.add_row(candidate, *(shown_score(scores.get(name), name) for name in shown))
    return table


def run_tables(result: RunResult) -> Sequence[Table]:
    """Show all that a run reached."""
    return [_results_table(result), *([_chains_table(result)] if result.chains else [])]


def _results_table(result: RunResult) -> Table:
    """Compare all candidates of a run on test rows; the registered one is marked."""
    title = f"{result.test_rows:,} test rows, retrieval among all of them"
    state = "current" if result.is_current else "not current"
    table = Table("candidate", title=title)
    headings = _measured(_TEST, list(result.scores.values()))
    for heading in headings.values():
        table.add_column(heading, justify="right")
    for name, scores in result.scores.items():
        shown = [shown_score(scores.get(metric), metric) for metric in headings]
        style = "bold" if name == result.chosen else ""
        table.add_row(f"{name} *" if style else name, *shown, style=style)
    table.caption = (
        f"* registered as version {result.version}, {state}: {result.why}. "
        f"In {result.seconds:.0f} s. Brackets: 95 % paired bootstrap."
    )
    return table


def _measured(
    headings: Mapping[str, str], found: Sequence[Mapping[str, PlainScore]]
) -> dict[str, str]:
    """Leave out what nothing was measured by, such as retention where there is no chain."""
    return {
        name: heading
        for name, heading in headings.items()
        if any(name in scores for scores in found)
    }


def _chains_table(result: RunResult) -> Table:
    """Compare what was registered with the best closed form by every judged chain."""
    heads = ("chain", "rows", "candidate", "score", "native", "retention")
    table = Table(*heads, title="every judged chain, test rows")
    for chain in result.chains:
        pivot = ", by a pivot" if chain.is_pivot else ""
        name = f"{chain.name}{' *' if chain.decides else ''}{pivot}"
        if chain.refused:
            table.add_row(name, "-", f"refused: {chain.refused}")
        for candidate, scores in chain.scores.items():
            shown = (
                f"{scores[chain.scored_by][0]:.3f}",
                f"{scores['native'][0]:.3f}",
                shown_score(scores["retention"], "retention"),
            )
            table.add_row(name, f"{chain.rows:,}", candidate, *shown)
            name = ""
        table.add_section()
    if any(each.decides for each in result.chains):
        table.caption = "* by this one candidates were chosen, on validation rows"
    return table


def strata_table(strata: Sequence[StratumScore], name: str) -> Table:
    """Show the chosen candidate's score by stratum."""
    table = Table(
        name, "rows", "through the transcoder", "native", title="test rows by stratum"
    )
    for each in strata:
        table.add_row(each.stratum, str(each.rows), f"{each.chain:.3f}", f"{each.native:.3f}")
    return table


def plain_score(score: Score) -> PlainScore:
    """Give a score as value, low and high; the last two are None without an interval."""
    interval = score.interval
    return (score.value, *((interval.low, interval.high) if interval else (None, None)))


def shown_score(score: PlainScore | None, name: str) -> str:
    """Write a score as tables show it; retention with its interval."""
    if score is None:
        return "-"
    value, low, high = score
    if low is None or not name.endswith("retention"):
        return f"{value:.3f}"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
