"""What is lacking where nothing can be trained."""

from transcoder.errors import NoOpportunityError
from transcoder.planner._graph import View, graph_of
from transcoder.planner._opportunities import MAX_LENGTH, find_opportunities
from transcoder.vocabulary import Catalog, Modality, Opportunity


def require_opportunities(
    catalog: Catalog,
    source: Modality,
    target: Modality,
    *,
    k: int = 1,
    max_length: int = MAX_LENGTH,
) -> tuple[Opportunity, ...]:
    """Find at least one way to train the missing transcoder; see `find_opportunities`.

    Raises:
        UnknownNameError: If one end is not registered.
        NoOpportunityError: If there is no way; it says what is lacking.
    """
    found = find_opportunities(catalog, source, target, k=k, max_length=max_length)
    if not found:
        begin, end = catalog.resolve(source), catalog.resolve(target)
        reason = _explain(catalog, begin, end)
        raise NoOpportunityError(str(begin), str(end), reason)
    return found


def _explain(catalog: Catalog, source: Modality, target: Modality) -> str:
    if source == target or not (source.is_latent and target.is_latent):
        return (
            "it would have to join two different latents, such as '{EnTTS}' and 'text_latent'"
        )
    if not catalog.datasets:
        return "no dataset is registered; register one whose columns lead to both"
    reached = _reached_latents(catalog)
    listed = ", ".join(repr(str(each)) for each in reached) or "no latent"
    if source not in reached:
        return (
            f"no column of a dataset reaches {str(source)!r} (they reach {listed}); "
            "register a model or an oracle that leads there, or other data"
        )
    return (
        f"rows reach {str(source)!r}, but within the allowed length none reaches "
        f"{str(target)!r} without passing through {str(source)!r}, and nothing behind "
        f"{str(target)!r} is scored against what rows do reach (they reach {listed}); register "
        "an encoder into it, or a segment from it whose modality type says what scores it"
    )


def _reached_latents(catalog: Catalog) -> list[Modality]:
    graph = graph_of(catalog, View.ALL)
    begins = {
        graph.node(column.modality)
        for dataset in catalog.datasets.values()
        for column in dataset.columns
    }
    waiting, seen = list(begins), set(begins)
    while waiting:
        for _, after in graph.leaving[waiting.pop()]:
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    latents = (graph.modality(node) for node in seen)
    return sorted((each for each in latents if each.is_latent), key=str)
