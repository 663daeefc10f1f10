"""The networks of the numbers world, each an encoder and a decoder around one latent.

Shapes: B batch, T time (characters), D latent, F frame, M band, P position, S symbol.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from typing_extensions import override

_PATCH = 4  # frames that are taken in together
_HOLD = 60.0  # the sigmoid of this is 1 in float32, whatever else the gate adds


class _PaddedGRU(nn.GRU):
    """A bidirectional GRU over characters that padding cannot change.

    A last input channel says "padding here" and drives the update gate to 1, so the state is
    held: no lengths are needed and the exported operator is a plain GRU. No gradient reaches
    the weights of that channel, for its gates are saturated.
    """

    def __init__(self, width: int, state: int) -> None:
        super().__init__(width + 1, state, batch_first=True, bidirectional=True)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if name.startswith("weight_ih"):
                    weight[:, width] = 0.0
                    weight[state : 2 * state, width] = _HOLD


class SpeechEncoder(nn.Module):
    """English characters to the latent of the synthesiser.

    Args:
        symbols: Characters, padding included.
        dim: Width of the latent.
    """

    def __init__(self, *, symbols: int, dim: int, width: int = 48, state: int = 160) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.recurrent = _PaddedGRU(width, state)
        self.project = nn.Linear(4 * state, dim)
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)

    @override
    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, T) to the latent (B, D), of unit variance per row."""
        padding = (tokens == 0).unsqueeze(-1).float()
        inputs = torch.cat([self.embedding(tokens), padding], dim=-1)
        states, last = self.recurrent(inputs)
        heard = 1.0 - padding
        mean = (states * heard).sum(dim=1) / heard.sum(dim=1)
        hidden: Tensor = self.norm(self.project(torch.cat([last[0], last[1], mean], dim=-1)))
        return hidden


class SpeechDecoder(nn.Module):
    """The latent of the synthesiser to a log-mel spectrogram.

    Args:
        dim: Width of the latent.
        frames: Frames, a multiple of 16.
        bands: Bands.
        channels: Widths of the five resolutions, the coarsest first.
    """

    def __init__(
        self,
        *,
        dim: int,
        frames: int,
        bands: int,
        channels: tuple[int, ...] = (256, 192, 144, 112, 80),
    ) -> None:
        super().__init__()
        self.start = nn.Linear(dim, channels[0] * (frames // 16))
        self.shape = (-1, channels[0], frames // 16)
        layers: list[nn.Module] = []
        for wide, narrow in pairwise(channels):
            layers += [nn.ConvTranspose1d(wide, narrow, 4, stride=2, padding=1), nn.SiLU()]
        self.grow = nn.Sequential(nn.SiLU(), *layers)
        self.finish = nn.Conv1d(channels[-1], bands, 5, padding=2)

    @override
    def forward(self, hidden: Tensor) -> Tensor:
        """Map the latent (B, D) to frames (B, F, M)."""
        coarse = self.start(hidden).reshape(self.shape)
        frames: Tensor = self.finish(self.grow(coarse))
        return frames.transpose(1, 2)


class TextEncoder(nn.Module):
    """English characters to the latent of the translator.

    Args:
        symbols: Characters, padding included.
        dim: Width of the latent.
    """

    def __init__(self, *, symbols: int, dim: int, width: int = 32, state: int = 192) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.drop = nn.Dropout(0.1)
        self.recurrent = _PaddedGRU(width, state)
        self.project = nn.Linear(2 * state, dim)

    @override
    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, T) to the latent (B, D), in [-1, 1]."""
        padding = (tokens == 0).unsqueeze(-1).float()
        inputs = torch.cat([self.drop(self.embedding(tokens)), padding], dim=-1)
        _, last = self.recurrent(inputs)
        return torch.tanh(self.project(torch.cat([last[0], last[1]], dim=-1)))


class TextDecoder(nn.Module):
    """The latent of the translator to scores of German characters.

    Args:
        dim: Width of the latent.
        positions: Positions of the text.
        symbols: Characters, the end included.
    """

    def __init__(
        self, *, dim: int, positions: int, symbols: int, width: int = 160, state: int = 128
    ) -> None:
        super().__init__()
        self.content = nn.Linear(dim, width)
        self.codes = nn.Parameter(0.5 * torch.randn(positions, width))
        self.recurrent = nn.GRU(width, state, batch_first=True, bidirectional=True)
        self.score = nn.Linear(2 * state, symbols)

    @override
    def forward(self, hidden: Tensor) -> Tensor:
        """Map the latent (B, D) to logits (B, P, S)."""
        placed = torch.relu(self.content(hidden).unsqueeze(1) + self.codes)
        states, _ = self.recurrent(placed)
        logits: Tensor = self.score(states)
        return logits


class HearingEncoder(nn.Module):
    """A log-mel spectrogram to the latent of the recogniser.

    Args:
        bands: Bands.
        dim: Width of the latent.
        channels: Widths of the two resolutions.
        heads: Places of the utterance that are listened to.
        width: What is kept of each place.
    """

    def __init__(
        self,
        *,
        bands: int,
        dim: int,
        channels: tuple[int, int] = (128, 160),
        heads: int = 12,
        width: int = 32,
    ) -> None:
        super().__init__()
        fine, coarse = channels
        self.patches = nn.Linear(_PATCH * bands, fine)
        self.patch_norm = nn.BatchNorm1d(fine)
        self.shrink = _Convolution(fine, coarse, stride=2)
        self.context = nn.ModuleList(_Convolution(coarse, coarse) for _ in range(2))
        self.attend = nn.Linear(coarse, heads)
        self.keep = nn.Linear(coarse, heads * width)
        self.project = nn.Linear(heads * width, dim)
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.sizes = (heads, width)

    @override
    def forward(self, frames: Tensor) -> Tensor:
        """Map frames (B, F, M), F a multiple of 8, to the latent (B, D), of unit variance."""
        patches = self.patches(frames.unflatten(1, (-1, _PATCH)).flatten(2)).transpose(1, 2)
        places = self.shrink(torch.relu(self.patch_norm(patches)))
        for layer in self.context:
            places = places + layer(places)
        places = places.transpose(1, 2)
        weights = self.attend(places).softmax(dim=1).transpose(1, 2).unsqueeze(2)
        kept = self.keep(places).unflatten(2, self.sizes).transpose(1, 2)
        hidden: Tensor = self.norm(self.project(torch.matmul(weights, kept).flatten(1)))
        return hidden


class _Convolution(nn.Sequential):
    """A convolution over time, normalized and rectified."""

    def __init__(self, given: int, made: int, *, stride: int = 1) -> None:
        super().__init__(
            nn.Conv1d(given, made, 5, stride=stride, padding=2),
            nn.BatchNorm1d(made),
            nn.ReLU(),
        )


class WritingDecoder(nn.Module):
    """The latent of the recogniser to scores of English characters, two at each step.

    Args:
        dim: Width of the latent.
        positions: Positions of the text, an even number.
        symbols: Characters, the end included.
    """

    def __init__(
        self, *, dim: int, positions: int, symbols: int, width: int = 160, state: int = 128
    ) -> None:
        super().__init__()
        self.content = nn.Linear(dim, width)
        self.codes = nn.Parameter(0.5 * torch.randn(positions // 2, width))
        self.recurrent = nn.GRU(width, state, batch_first=True, bidirectional=True)
        self.score = nn.Linear(2 * state, 2 * symbols)
        self.symbols = symbols

    @override
    def forward(self, hidden: Tensor) -> Tensor:
        """Map the latent (B, D) to logits (B, P, S)."""
        placed = torch.relu(self.content(hidden).unsqueeze(1) + self.codes)
        states, _ = self.recurrent(placed)
        logits: Tensor = self.score(states).unflatten(2, (2, self.symbols)).flatten(1, 2)
        return logits
