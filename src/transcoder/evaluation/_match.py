"""How well each single row came out."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from transcoder.errors import DataError, UnknownNameError
from transcoder.evaluation._bootstrap import Scores
from transcoder.vocabulary import Scorer, Value


def per_row_match(given: Sequence[Value], wanted: Sequence[Value]) -> NDArray[np.bool_]:
    """Tell for each row whether text or label is exactly the wanted one, (row).

    Raises:
        DataError: If the lengths differ, there are no rows, or a value is no text or label.
    """
    if len(given) != len(wanted) or not given:
        reason = f"{len(given)} values were given and {len(wanted)} wanted"
        raise DataError("rows to be judged", reason, "give the same rows of both, at least one")
    for value in (*given, *wanted):
        if not isinstance(value, str | int):
            reason = f"a value is {type(value).__name__}"
            raise DataError("rows to be judged", reason, "match texts or labels")
    return np.array([mine == theirs for mine, theirs in zip(given, wanted, strict=True)])


_ROW_SCORES: dict[Scorer, Callable[[Sequence[Value], Sequence[Value]], Scores]] = {
    Scorer.EXACT_MATCH: lambda given, wanted: per_row_match(given, wanted).astype(np.float64),
}


def row_scores(scorer: Scorer, given: Sequence[Value], *, wanted: Sequence[Value]) -> Scores:
    """Score each row of content, (row).

    Raises:
        UnknownNameError: If the scorer does not judge single rows of content.
        DataError: If the rows cannot be compared.
    """
    if scorer not in _ROW_SCORES:
        raise UnknownNameError("judge for the scorer", scorer.value, _ROW_SCORES)
    return _ROW_SCORES[scorer](given, wanted)
