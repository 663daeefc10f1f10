"""Builds and fits the two networks of the numbers world, `EnTTS` and `EnDe`."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

import numbers_data as data
from numbers_networks import SpeechDecoder, SpeechEncoder, TextDecoder, TextEncoder
from numbers_training import Autoencoder, Schedule, batches, fit
from transcoder.vocabulary import Split

SPEECH_DIM, TEXT_DIM = 96, 128
SPEECH = Schedule(steps=7_000, batch=32, peak=2e-3, seed=1)
TEXT = Schedule(steps=2_600, batch=64, peak=4e-3, seed=2)


def make_speech(words: data.Words, schedule: Schedule = SPEECH) -> Autoencoder:
    """Fit the synthesiser to spectrograms of the spoken English words."""
    torch.manual_seed(schedule.seed)  # noqa: TID251 # an entry point's seed, like train.py's
    network = Autoencoder(
        SpeechEncoder(symbols=len(data.ENGLISH_ALPHABET) + 1, dim=SPEECH_DIM),
        SpeechDecoder(dim=SPEECH_DIM, frames=data.FRAMES, bands=data.BANDS),
        noise=0.05,
    )
    learn, choose = data.rows_of(Split.TRAIN), data.rows_of(Split.VALIDATION)
    rows = np.concatenate([learn, choose])
    place = {int(row): index for index, row in enumerate(rows)}
    frames = torch.from_numpy(data.spoken_frames(words, [int(row) for row in rows]))
    tokens = data.english_tokens(words)
    chosen = frames[len(learn) :]

    def loss_of(drawn: NDArray[np.int64]) -> Tensor:
        made = network(_trimmed(tokens[drawn]))
        wanted = frames[[place[int(row)] for row in drawn]]
        return functional.l1_loss(made, wanted) + functional.mse_loss(made, wanted)

    def score() -> tuple[float, float]:
        made = _in_parts(network, tokens[choose])
        error = functional.mse_loss(made, chosen).item()
        nearest = torch.cdist(made.flatten(1), chosen.flatten(1)).argmin(dim=1)
        own = (nearest == torch.arange(len(choose))).float().mean().item()
        return own, -error

    fit(network, batches(learn, schedule), schedule, loss_of, score)
    return network


def make_text(words: data.Words, schedule: Schedule = TEXT) -> Autoencoder:
    """Fit the translator from English to German words."""
    torch.manual_seed(schedule.seed)  # noqa: TID251 # an entry point's seed, like train.py's
    symbols = len(data.GERMAN_ALPHABET) + 1
    network = Autoencoder(
        TextEncoder(symbols=len(data.ENGLISH_ALPHABET) + 1, dim=TEXT_DIM),
        TextDecoder(dim=TEXT_DIM, positions=data.POSITIONS, symbols=symbols),
        noise=0.2,
    )
    learn, choose = data.rows_of(Split.TRAIN), data.rows_of(Split.VALIDATION)
    tokens = data.english_tokens(words)
    german = torch.from_numpy(data.german_symbols(words))

    def cross_entropy(logits: Tensor, wanted: Tensor) -> Tensor:
        return functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())

    def loss_of(drawn: NDArray[np.int64]) -> Tensor:
        return cross_entropy(network(_trimmed(tokens[drawn])), german[drawn])

    def score() -> tuple[float, float]:
        logits = _in_parts(network, tokens[choose])
        right = (logits.argmax(dim=-1) == german[choose]).all(dim=1)
        return right.float().mean().item(), -cross_entropy(logits, german[choose]).item()

    fit(network, batches(learn, schedule), schedule, loss_of, score)
    return network


def _trimmed(tokens: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy(tokens[:, : int((tokens != 0).sum(axis=1).max())])


def _in_parts(network: Autoencoder, tokens: NDArray[np.int64]) -> Tensor:
    parts = np.array_split(tokens, math.ceil(len(tokens) / 128))
    return torch.cat([network(_trimmed(part)) for part in parts])
