"""What can judge a value: the declared scorings of a modality's type, with variables bound."""

from collections.abc import Iterator

from transcoder.vocabulary import Catalog, Modality, Scorer


def find_scorings(catalog: Catalog, modality: Modality) -> Iterator[tuple[Scorer, Modality]]:
    """Give each declared measure of a modality and what it is compared with.

    A latent that is scored against itself is so within its own version. What keeps a variable
    or is not registered is passed over.
    """
    modality_type = catalog.modality_type(modality)
    bound = modality_type.pattern.match(modality, {})
    if bound is None:
        return
    for scoring in modality_type.scored_against:
        against = scoring.against.bind(bound)
        if against.is_standard_latent and against.name == modality.name:
            against = modality
        if against in catalog.modalities:
            yield scoring.by, against
