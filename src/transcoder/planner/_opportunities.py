"""Every way to train a missing transcoder from what is registered."""

from heapq import nsmallest

from transcoder.planner._drafts import Draft, Task, find_drafts
from transcoder.vocabulary import Catalog, Modality, Opportunity

MAX_LENGTH = 8
"""The most edges that a route or a suffix may have where nothing else is asked for."""


def find_opportunities(
    catalog: Catalog,
    source: Modality,
    target: Modality,
    *,
    k: int = 1,
    max_length: int = MAX_LENGTH,
) -> tuple[Opportunity, ...]:
    """Find every way to train the missing transcoder `M: A -> B`, best first.

    A *route* is a path from a column of a dataset over current, runnable segments and oracles;
    a *suffix* is a path from B over such segments only. All are simple and have at most
    `max_length` edges. The columns are x and y; the opportunities are:

    - *latent match*: a route x to A, and a route y to B, of one dataset, compared in B by
      mean squared error. The route to B does not touch A: what came through A would teach M
      to copy the edges that lead from A to B. x and y may be one column.
    - *output match*: a route x to A; a suffix of at least one edge from B to p; a measure that
      gradients pass and that the type of p declares against t, with variables bound; a route
      y to t, of the same dataset. The route to t does not touch B: what came through B is a
      latent match already, and behind B it would only be compared with what the frozen
      networks make of that. Nor does it touch A where t is a latent, or end there: that is
      the cycle.
    - *cycle*: a route x to A; a suffix of transcoders only from B to A; compared in A with
      the start by mean squared error.
    - *unpaired*: a route x to A of one dataset, a route y to B that does not touch A of
      another; compared in B.

    So none takes a transcoder A -> B: a simple route to A never leaves A, a suffix never
    returns to B, a route to B does not touch A, and a route to t does not touch B. The route to
    A may pass through B: where the network behind B makes content that A's own network reads,
    both latents of that content are known, and that is a pair.

    An opportunity is one (columns, kind, p, measure, t). Its routes are those with the fewest
    transcoders, then the fewest synthetic oracles (what either gives is a guess and makes
    pairs synthetic), then the cheapest by the default `Preference`, then the first by name.

    Args:
        catalog: What is registered.
        source: The latent A that the transcoder takes.
        target: The latent B that it gives.
        k: How many combinations to give of the k best of each of its routes.
        max_length: The most edges of a route or a suffix.

    Returns:
        By grade, then total cost, then the text of input, suffix, reference and measure;
        nothing where A and B are not two different latents.

    Raises:
        UnknownNameError: If one of them is not registered.
    """
    begin, end = catalog.resolve(source), catalog.resolve(target)
    if begin == end or not (begin.is_latent and end.is_latent):
        return ()
    task = Task(catalog, begin, end, k, max_length)
    drafts: list[Draft] = []
    for group in find_drafts(task):
        drafts += nsmallest(k, group, key=_by_rank)
    return tuple(draft.finish(begin, end) for draft in sorted(drafts, key=_by_rank))


def _by_rank(draft: Draft) -> tuple[int, float, tuple[str, ...]]:
    return draft.grade, draft.cost.total, draft.words
