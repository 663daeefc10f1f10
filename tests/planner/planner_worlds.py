"""Small registries written as lines of text, one edge or dataset to a line."""

import re
from collections.abc import Iterable
from hashlib import sha256

from transcoder.vocabulary import (
    Catalog,
    Column,
    Dataset,
    Exactness,
    Modality,
    ModalityEntry,
    ModalityType,
    Oracle,
    Payload,
    Score,
    Scorer,
    Scoring,
    Segment,
    SegmentKey,
    SegmentKind,
    Signature,
)

_EDGE = re.compile(
    r"(?P<source>\S+) (?P<arrow>[-=~]>) (?P<name>\S+) (?P=arrow) (?P<target>\S+)(?P<rest>.*)"
)


def modality(text: str) -> Modality:
    return Modality.parse(text)


def edge(line: str) -> Segment | Oracle:
    """`A -> M -> B` is a segment, with `transcoder` or `transcoder 0.9` behind it a transcoder
    of that retention, with `untrained` one without a file; `=>` is an exact oracle, `~>` a
    synthetic one."""
    match = _EDGE.fullmatch(line.strip())
    assert match is not None, line
    source, target = modality(match["source"]), modality(match["target"])
    if match["arrow"] != "->":
        exactness = Exactness.EXACT if match["arrow"] == "=>" else Exactness.SYNTHETIC
        return Oracle(match["name"], "some", source, target, exactness, "a:B", "1")
    words = match["rest"].split()
    measured = [float(word) for word in words if word[0].isdigit()]
    return Segment(
        SegmentKey(match["name"], source, target),
        kind=SegmentKind.TRANSCODER if "transcoder" in words else SegmentKind.SEGMENT,
        digest=None if "untrained" in words else sha256(line.encode()).hexdigest(),
        signature=Signature((), (), 20, 100, 400),
        scores=tuple(Score("validation/retention", value, 100) for value in measured),
    )


def dataset(line: str) -> Dataset:
    """`numbers: english text<en>, german text<de>`."""
    name, _, listed = line.partition(": ")
    columns = (each.split(maxsplit=1) for each in re.split(r", (?=\w+ )", listed))
    held = tuple(Column(column, modality(text)) for column, text in columns)
    return Dataset(name, "some", "arrays", {}, held, group=held[0].name)


def kind(
    pattern: str, payload: Payload | None = None, *scored: tuple[Scorer, str]
) -> ModalityType:
    parsed = modality(pattern)
    scorings = tuple(Scoring(by, modality(against)) for by, against in scored)
    return ModalityType(parsed.name, parsed.arguments, payload, scorings)


TYPES = (
    kind("text<L>", Payload.TEXT, (Scorer.EXACT_MATCH, "text<L>")),
    kind("speech<L>", Payload.WAVEFORM),
    kind("number", Payload.LABEL),
    kind("tokens<V>"),
    kind("logits<V>", None, (Scorer.CROSS_ENTROPY, "tokens<V>")),
    kind("spectrogram<V>", None, (Scorer.MSE, "spectrogram<V>")),
)


def catalog(
    edges: str | Iterable[Segment | Oracle],
    *datasets: str,
    types: Iterable[ModalityType] = TYPES,
    more: Iterable[str] = (),
) -> Catalog:
    if isinstance(edges, str):
        edges = [edge(line) for line in edges.splitlines() if line.strip()]
    walked = tuple(edges)
    held = tuple(dataset(line) for line in datasets)
    known = [
        *(each.source for each in walked),
        *(each.target for each in walked),
        *(column.modality for each in held for column in each.columns),
        *map(modality, more),
    ]
    segments: dict[SegmentKey, tuple[Segment, ...]] = {}
    for each in walked:
        if isinstance(each, Segment):
            segments[each.key] = (*segments.get(each.key, ()), each)
    return Catalog(
        modality_types={each.name: each for each in types},
        modalities={each: ModalityEntry(each) for each in known},
        oracles={each.name: each for each in walked if isinstance(each, Oracle)},
        datasets={each.name: each for each in held},
        segments=segments,
    )


NUMBERS = """
tokens<EnTTS> -> EnTTS -> {EnTTS}
{EnTTS} -> EnTTS -> spectrogram<EnTTS>
tokens<EnDe_en> -> EnDe -> text_latent@1
text_latent@1 -> EnDe -> logits<EnDe_de>
text<en> => EnTTS-characters => tokens<EnTTS>
text<en> => EnDe-characters => tokens<EnDe_en>
text<de> => EnDe-Zeichen => tokens<EnDe_de>
logits<EnDe_de> => EnDe-greedy => text<de>
spectrogram<EnTTS> => GriffinLim => speech<en>
speech<en> => mel => spectrogram<EnTTS>
text<en> ~> espeak ~> speech<en>
number => words-en => text<en>
number => words-de => text<de>
"""
"""Spoken and written numbers: a synthesizer and a translator that never met."""

PARALLEL = "numbers: english text<en>, german text<de>"


def numbers() -> Catalog:
    return catalog(NUMBERS, PARALLEL)
