"""Open standard latents become their newest version."""

from collections.abc import Iterable
from dataclasses import replace

from transcoder.registry._nouns import Noun
from transcoder.vocabulary import Dataset, Modality, ModalityEntry, Oracle, SegmentKey


def resolve_modality(modality: Modality, nouns: Iterable[Noun]) -> Modality:
    """Give an open standard latent its newest version; where there is none it stays open."""
    if not _is_open(modality):
        return modality
    known = (each.modality for each in nouns if isinstance(each, ModalityEntry))
    versions = [each for each in known if each.name == modality.name]
    return max(versions, key=lambda each: each.version or 0, default=modality)


def resolve_key(key: SegmentKey, nouns: Iterable[Noun]) -> SegmentKey:
    """Give both ends of a segment their newest version."""
    if not (_is_open(key.source) or _is_open(key.target)):
        return key
    known = list(nouns)
    source, target = (resolve_modality(each, known) for each in (key.source, key.target))
    return SegmentKey(key.model, source, target)


def _is_open(modality: Modality) -> bool:
    return modality.is_standard_latent and modality.version is None


def resolve_noun(noun: Noun, nouns: Iterable[Noun]) -> Noun:
    """Give the latents that an oracle or a dataset touches their newest version."""
    known = list(nouns)
    match noun:
        case Oracle():
            source, target = (
                resolve_modality(each, known) for each in (noun.source, noun.target)
            )
            return replace(noun, source=source, target=target)
        case Dataset():
            columns = (
                replace(each, modality=resolve_modality(each.modality, known))
                for each in noun.columns
            )
            return replace(noun, columns=tuple(columns))
        case _:
            return noun
