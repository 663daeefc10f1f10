"""Builds and fits the recogniser of the numbers world, `EnSTT`."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import numbers_data as data
from numbers_networks import HearingEncoder, WritingDecoder
from numbers_training import Autoencoder, Schedule, batches, fit
from numbers_voices import Utterances, speak_learnt
from transcoder.oracles import GreedyDecoder
from transcoder.vocabulary import Split

HEARING_DIM = 160
ALPHABET = " ,-adefghilnorstuvwxyz"
ENGLISH_TEXT = GreedyDecoder(alphabet=ALPHABET)
HEARING = Schedule(steps=1_400, batch=48, peak=3e-3, seed=3, checks=7)
_SHARE = 0.08  # of the settings that a number is spoken in
_SHIFT = 12  # frames of silence before, at most
_LOUDNESS = 0.12  # how much louder or softer, at most, where 1 is from silence to loud
_HISS = 0.03
_DIGITS, _VALUES = 4, 11
_GUIDE = 0.5  # weight of the digits in the loss


def make_hearing(words: data.Words) -> Autoencoder:
    """Speak numbers, and fit the recogniser to their words."""
    learn = speak_learnt(words, data.rows_of(Split.TRAIN), share=_SHARE)
    choose = speak_learnt(words, data.rows_of(Split.VALIDATION), share=_SHARE)
    torch.manual_seed(HEARING.seed)  # noqa: TID251 # an entry point's seed, like train.py's
    encoder = HearingEncoder(bands=data.BANDS, dim=HEARING_DIM)
    symbols = len(ALPHABET) + 1
    decoder = WritingDecoder(dim=HEARING_DIM, positions=data.POSITIONS, symbols=symbols)
    network = guided(encoder, decoder)
    fit_hearing(network, english_symbols(words), learn, choose, HEARING)
    return network


def guided(encoder: HearingEncoder, decoder: nn.Module) -> Autoencoder:
    """Join what hears and what writes; its `digits` guide it and are not exported."""
    network = Autoencoder(encoder, decoder, noise=0.1)
    network.digits = nn.Linear(HEARING_DIM, _DIGITS * _VALUES)
    return network


def fit_hearing(
    network: Autoencoder,
    symbols: NDArray[np.int64],
    learn: Utterances,
    choose: Utterances,
    schedule: Schedule,
) -> None:
    """Fit what hears to the characters of each number, and keep the best weights.

    Args:
        network: What to fit, as `guided` makes it.
        symbols: What to write of each number, (row, position).
        learn: What to learn from.
        choose: What the checkpoint is chosen by.
        schedule: How long and how fast.
    """
    texts, digits = torch.from_numpy(symbols), torch.from_numpy(_digits())
    wanted = texts[choose.numbers]
    generator = np.random.default_rng(schedule.seed)
    order = np.argsort(learn.numbers, kind="stable")
    first = np.searchsorted(learn.numbers[order], np.arange(data.COUNT + 1))

    def loss_of(drawn: NDArray[np.int64]) -> Tensor:
        places = order[generator.integers(first[drawn], first[drawn + 1])]
        heard = torch.from_numpy(_varied(learn.frames[places].astype(np.float32), generator))
        hidden = network.encoder(heard)
        hidden = hidden + network.noise * torch.randn_like(hidden)
        guess = network.digits(hidden).unflatten(1, (_DIGITS, _VALUES))
        guidance = _GUIDE * _cross_entropy(guess, digits[drawn])
        return _cross_entropy(network.decoder(hidden), texts[drawn]) + guidance

    def score() -> tuple[float, float]:
        parts = np.array_split(choose.frames, math.ceil(len(choose.frames) / 128))
        logits = torch.cat(
            [network(torch.from_numpy(part.astype(np.float32))) for part in parts]
        )
        right = (logits.argmax(dim=-1) == wanted).all(dim=1)
        return right.float().mean().item(), -_cross_entropy(logits, wanted).item()

    fit(network, batches(np.unique(learn.numbers), schedule), schedule, loss_of, score)


def english_symbols(words: data.Words) -> NDArray[np.int64]:
    """Number the characters of all English words, (row, position), as the decoder has them."""
    symbols = np.zeros((data.COUNT, data.POSITIONS), dtype=np.int64)
    for line, text in zip(symbols, words.english, strict=True):
        line[: len(text)] = [ALPHABET.index(symbol) + 1 for symbol in text]
    return symbols


def _digits() -> NDArray[np.int64]:
    """Give the digits of all numbers, (row, digit), with 10 before the first."""
    texts = [str(number).rjust(_DIGITS, ":") for number in range(data.COUNT)]
    return np.array([[ord(symbol) - ord("0") for symbol in text] for text in texts])


def _cross_entropy(logits: Tensor, wanted: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())


def _varied(frames: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Shift, tilt and hiss spectrograms (row, frame, band), so that more voices are covered."""
    count, length, bands = frames.shape
    shift = int(generator.integers(0, _SHIFT + 1))
    if not frames[:, length - shift :].any():
        frames = np.roll(frames, shift, axis=1)
    louder = generator.uniform(-_LOUDNESS, _LOUDNESS, (count, 1, 2)).astype(np.float32)
    tilt = np.linspace(-1.0, 1.0, bands, dtype=np.float32)
    changed = frames + louder[:, :, :1] + louder[:, :, 1:] * tilt
    hiss = _HISS * generator.standard_normal(frames.shape, dtype=np.float32)
    return np.where(frames > 0, np.maximum(changed + hiss, 0.0), 0.0).astype(np.float32)
