"""The worked example of the original idea; its lists of parts are a reconstruction.

A synthesizer, a translator and a recogniser, two services, three datasets, and the two
transcoders that would join them. What is and what is not an opportunity is written by hand.
"""

from tests.planner.planner_worlds import catalog, modality
from transcoder.planner import find_opportunities
from transcoder.vocabulary import Grade, Route, TargetKind

WORLD = catalog(
    """
    text<en> => EnTTS-characters => tokens<EnTTS>
    tokens<EnTTS> -> EnTTS -> {EnTTS}
    {EnTTS} -> EnTTS -> spectrogram<EnTTS>
    spectrogram<EnTTS> => EnTTS-vocoder => speech<en>
    speech<en> => EnTTS-mel => spectrogram<EnTTS>

    text<en> => EnDe-characters => tokens<EnDe_en>
    tokens<EnDe_en> -> EnDe -> text_latent@1
    text_latent@1 -> EnDe -> logits<EnDe_de>
    logits<EnDe_de> => EnDe-greedy => text<de>
    text<de> => EnDe-Zeichen => tokens<EnDe_de>

    speech<en> => EnASR-mel => spectrogram<EnASR>
    spectrogram<EnASR> -> EnASR -> speech_latent@1
    speech_latent@1 -> EnASR -> logits<EnASR>
    logits<EnASR> => EnASR-greedy => text<en>
    text<en> => EnASR-characters => tokens<EnASR>

    text<en> ~> synthesizer ~> speech<en>
    text<en> ~> translation-service ~> text<de>
    """,
    "texts: english text<en>",
    "parallel: english text<en>, german text<de>",
    "spoken: sound speech<en>, english text<en>",
)


def column(route: Route) -> str:
    return f"{route.dataset}.{route.column}"


def summary(source: str, target: str) -> list[str]:
    found = find_opportunities(WORLD, modality(source), modality(target))
    return sorted(
        f"{each.grade.name} {each.kind.value}: {column(each.input)} {column(each.reference)}"
        for each in found
        if each.grade is not Grade.UNPAIRED
    )


def unpaired(source: str, target: str) -> set[tuple[str, str]]:
    found = find_opportunities(WORLD, modality(source), modality(target))
    return {
        (column(each.input), column(each.reference))
        for each in found
        if each.grade is Grade.UNPAIRED
    }


def test_the_synthesizer_is_joined_to_the_translator() -> None:
    # Every English text has both latents; so has every sound, by what the recogniser reads.
    # Only the parallel corpus holds German; elsewhere the service must write it. The translator
    # itself writes none: what it makes of text_latent is no reference behind text_latent.
    # No German column is put in, for nothing leads from German to {EnTTS}.
    assert summary("{EnTTS}", "text_latent") == [
        "REAL latent: parallel.english parallel.english",
        "REAL latent: spoken.english spoken.english",
        "REAL latent: spoken.english spoken.sound",
        "REAL latent: spoken.sound spoken.english",
        "REAL latent: spoken.sound spoken.sound",
        "REAL latent: texts.english texts.english",
        "REAL output: parallel.english parallel.german",
        "SYNTHETIC output: parallel.english parallel.english",
        "SYNTHETIC output: spoken.english spoken.english",
        "SYNTHETIC output: spoken.english spoken.sound",
        "SYNTHETIC output: spoken.sound spoken.english",
        "SYNTHETIC output: spoken.sound spoken.sound",
        "SYNTHETIC output: texts.english texts.english",
    ]


def test_the_recogniser_is_joined_to_the_synthesizer() -> None:
    # Text reaches speech_latent through the voice of EnTTS itself, which is no synthetic
    # oracle, so text alone gives real pairs. A sound reaches {EnTTS} only through what the
    # recogniser reads, that is through speech_latent: no latent reference. A spectrogram that
    # {EnTTS} made is no reference behind {EnTTS}: without a recording the service speaks.
    assert summary("speech_latent", "{EnTTS}") == [
        "REAL latent: parallel.english parallel.english",
        "REAL latent: spoken.english spoken.english",
        "REAL latent: spoken.sound spoken.english",
        "REAL latent: texts.english texts.english",
        "REAL output: spoken.english spoken.sound",
        "REAL output: spoken.sound spoken.sound",
        "SYNTHETIC output: parallel.english parallel.english",
        "SYNTHETIC output: spoken.english spoken.english",
        "SYNTHETIC output: spoken.sound spoken.english",
        "SYNTHETIC output: texts.english texts.english",
    ]


def test_two_datasets_without_a_common_row_are_the_last_resort() -> None:
    texts, parallel, sound, spoken = (
        "texts.english",
        "parallel.english",
        "spoken.sound",
        "spoken.english",
    )
    assert unpaired("speech_latent", "{EnTTS}") == {
        (texts, parallel),
        (texts, spoken),
        (parallel, texts),
        (parallel, spoken),
        (sound, texts),
        (sound, parallel),
        (spoken, texts),
        (spoken, parallel),
    }
    assert len(unpaired("{EnTTS}", "text_latent")) == 10


def test_routes_and_suffixes_are_told_edge_by_edge() -> None:
    found = find_opportunities(WORLD, modality("speech_latent"), modality("{EnTTS}"))
    (spoken,) = (
        each
        for each in found
        if (each.kind, each.input.column, each.reference.column)
        == (TargetKind.OUTPUT_MATCH, "sound", "sound")
    )
    assert str(spoken.input.path) == (
        "speech<en> => [EnASR-mel] => spectrogram<EnASR> -> [EnASR] -> speech_latent@1"
    )
    assert str(spoken.suffix) == "{EnTTS} -> [EnTTS] -> spectrogram<EnTTS>"
    assert str(spoken.reference.path) == "speech<en> => [EnTTS-mel] => spectrogram<EnTTS>"
