"""Built-in oracles: codecs, number words and a speech synthesizer.

Each is a small class with JSON-able keyword parameters, called with a list of values and
answering with a list of equal length. Libraries that they need are imported when first used.
"""

from transcoder.oracles._characters import CharacterTokenizer, GreedyDecoder
from transcoder.oracles._classes import ClassIndex, MostLikely
from transcoder.oracles._espeak import EspeakCrowd, EspeakSynthesizer
from transcoder.oracles._numbers import NumberWords
from transcoder.oracles._spectrogram import GriffinLim, LogMelSpectrogram
from transcoder.oracles._subwords import SubwordTokenizer

__all__ = [
    "CharacterTokenizer",
    "ClassIndex",
    "EspeakCrowd",
    "EspeakSynthesizer",
    "GreedyDecoder",
    "GriffinLim",
    "LogMelSpectrogram",
    "MostLikely",
    "NumberWords",
    "SubwordTokenizer",
]
