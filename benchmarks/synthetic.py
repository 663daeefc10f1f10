"""Registries of any size, drawn at random from a seed, for measuring the planner."""

from hashlib import sha256
from random import Random

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

_CONTENT, _LABELS = Modality("text", ("L",)), Modality("labels", ("V",))
_TYPES = (
    ModalityType("text", ("L",), Payload.TEXT, (Scoring(Scorer.EXACT_MATCH, _CONTENT),)),
    ModalityType("tokens", ("V",)),
    ModalityType("labels", ("V",)),
    ModalityType("logits", ("V",), None, (Scoring(Scorer.CROSS_ENTROPY, _LABELS),)),
)
_HUNDRED = {"network": 17, "transcoder": 10, "service": 5}
"""Of a hundred edges: networks of five edges each, transcoders, synthetic oracles."""

_NETWORKS_PER_LANGUAGE = 8
_DATASETS = 20


def synthetic(edges: int, seed: int = 0) -> Catalog:
    """Draw a registry of networks that share languages, and what joins them.

    A network takes a text of one language and gives one of another: `text<a> => tokens<N> ->
    {N} -> logits<N> => text<b>`, with `text<b> => labels<N>` to judge it. Transcoders join two
    latents, synthetic oracles two languages. Twenty datasets hold a pair of languages each.

    Args:
        edges: How many segments and oracles, a multiple of 100.
        seed: What it is drawn from.
    """
    random = Random(seed)  # noqa: S311 - a benchmark, not a secret
    count = {kind: share * edges // 100 for kind, share in _HUNDRED.items()}
    languages = [
        Modality("text", (f"l{number}",))
        for number in range(max(4, count["network"] // _NETWORKS_PER_LANGUAGE))
    ]
    found: list[Segment | Oracle] = []
    for number in range(count["network"]):
        found += _network(f"N{number}", *random.sample(languages, 2), random)
    latents = sorted({each.target for each in found if each.target.is_latent})
    for number in range(count["transcoder"]):
        found.append(_segment(f"T{number}", *random.sample(latents, 2), random))
    for number in range(count["service"]):
        ends = random.sample(languages, 2)
        found.append(_oracle(f"S{number}", *ends, Exactness.SYNTHETIC))
    segments = [each for each in found if isinstance(each, Segment)]
    return Catalog(
        revision=1,
        modality_types={each.name: each for each in _TYPES},
        modalities={end: ModalityEntry(end) for e in found for end in (e.source, e.target)},
        oracles={each.name: each for each in found if isinstance(each, Oracle)},
        segments={each.key: (each,) for each in segments},
        datasets={each.name: each for each in _datasets(languages, random)},
    )


def _network(
    name: str, source: Modality, target: Modality, random: Random
) -> list[Segment | Oracle]:
    tokens, logits, labels = (
        Modality(kind, (name,)) for kind in ("tokens", "logits", "labels")
    )
    latent = Modality(f"{{{name}}}")
    return [
        _oracle(f"{name}.tokenizer", source, tokens),
        _segment(name, tokens, latent, random),
        _segment(name, latent, logits, random),
        _oracle(f"{name}.decoder", logits, target),
        _oracle(f"{name}.labels", target, labels),
    ]


def _oracle(
    name: str, source: Modality, target: Modality, exactness: Exactness = Exactness.EXACT
) -> Oracle:
    return Oracle(name, "some", source, target, exactness, "some:Thing", "1")


def _segment(name: str, source: Modality, target: Modality, random: Random) -> Segment:
    joins = source.is_latent and target.is_latent
    score = Score("validation/retention", random.uniform(0.3, 1.0), 100)
    return Segment(
        SegmentKey(name, source, target),
        kind=SegmentKind.TRANSCODER if joins else SegmentKind.SEGMENT,
        digest=sha256(name.encode()).hexdigest(),
        signature=Signature((), (), 20, 100, random.randrange(1_000, 1_000_000)),
        scores=(score,) if joins else (),
    )


def _datasets(languages: list[Modality], random: Random) -> list[Dataset]:
    pairs = [random.sample(languages, 2) for _ in range(_DATASETS)]
    return [
        Dataset(
            f"rows{number}",
            "pairs",
            "arrays",
            {},
            (Column("x", first), Column("y", second)),
            group="x",
        )
        for number, (first, second) in enumerate(pairs)
    ]
