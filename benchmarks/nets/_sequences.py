"""Sequences: recurrent nets, transformers from torch's own layers, speech convolutions."""

import torch
from torch import Tensor, nn

from nets._net import Net, floats

_WIDTH, _HEADS = 128, 4


class _Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.rnn = kind(64, 96, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(192, 32)

    def forward(self, rows: Tensor) -> Tensor:
        return self.head(self.rnn(rows)[0])


class _Seq2Seq(nn.Module):
    """A bidirectional encoder and a decoder that attends to it at each of its eight steps."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.GRU(64, 64, bidirectional=True, batch_first=True)
        self.cell, self.query = nn.GRUCell(128 + 32, 128), nn.Linear(128, 128)
        self.head, self.start = nn.Linear(256, 32), nn.Parameter(torch.randn(32))

    def forward(self, rows: Tensor) -> Tensor:
        memory, _ = self.encoder(rows)
        state = memory.mean(1)
        last = self.start.expand(rows.shape[0], -1)
        made = []
        for _ in range(8):
            scores = memory @ self.query(state).unsqueeze(-1)
            context = (torch.softmax(scores, 1) * memory).sum(1)
            state = self.cell(torch.cat((context, last), -1), state)
            last = self.head(torch.cat((context, state), -1))
            made.append(last)
        return torch.stack(made, 1)


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            _WIDTH, _HEADS, 4 * _WIDTH, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)

    def forward(self, rows: Tensor, padding: Tensor | None = None) -> Tensor:
        return self.layers(rows, src_key_padding_mask=padding)


def _padded(batch: int, length: int, source: torch.Generator) -> tuple[Tensor, ...]:
    rows = torch.randn(batch, length, _WIDTH, generator=source)
    ends = torch.randint(length // 2, length + 1, (batch, 1), generator=source)
    return rows, torch.arange(length) >= ends


class _Decoder(nn.Module):
    """A causal decoder that attends to a memory."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerDecoderLayer(_WIDTH, _HEADS, 4 * _WIDTH, batch_first=True)
        self.layers = nn.TransformerDecoder(layer, 2)

    def forward(self, rows: Tensor, memory: Tensor) -> Tensor:
        length = rows.shape[1]
        hidden = torch.ones(length, length, dtype=torch.bool, device=rows.device).triu(1)
        return self.layers(rows, memory, tgt_mask=hidden, tgt_is_causal=True)


def _with_memory(batch: int, length: int, source: torch.Generator) -> tuple[Tensor, ...]:
    shapes = (batch, length, _WIDTH), (batch, 24, _WIDTH)
    return tuple(torch.randn(shape, generator=source) for shape in shapes)


class _Causal(nn.Module):
    """Two pre-norm layers of causal attention by torch's own kernel."""

    def __init__(self, *, rotates: bool) -> None:
        super().__init__()
        self.rotates = rotates
        norm = nn.RMSNorm if rotates else nn.LayerNorm
        self.norms = nn.ModuleList(norm(_WIDTH, eps=1e-6) for _ in range(4))
        self.mixes = nn.ModuleList(nn.Linear(_WIDTH, 3 * _WIDTH) for _ in range(2))
        self.outs = nn.ModuleList(nn.Linear(_WIDTH, _WIDTH) for _ in range(2))
        self.rises = nn.ModuleList(nn.Linear(_WIDTH, 4 * _WIDTH) for _ in range(2))
        self.falls = nn.ModuleList(nn.Linear(4 * _WIDTH, _WIDTH) for _ in range(2))

    def forward(self, rows: Tensor) -> Tensor:
        for at in range(2):
            rows = rows + self.outs[at](self._mixed(self.mixes[at](self.norms[2 * at](rows))))
            inner = self.rises[at](self.norms[2 * at + 1](rows))
            rows = rows + self.falls[at](nn.functional.silu(inner))
        return rows

    def _mixed(self, parts: Tensor) -> Tensor:
        batch, time, _ = parts.shape
        split = parts.reshape(batch, time, 3, _HEADS, _WIDTH // _HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)
        if self.rotates:
            query, key = _rotated(query), _rotated(key)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return mixed.transpose(1, 2).reshape(batch, time, _WIDTH)


def _rotated(value: Tensor) -> Tensor:
    half = value.shape[-1] // 2
    speeds = 10000.0 ** (-torch.arange(half, dtype=value.dtype, device=value.device) / half)
    angles = torch.arange(value.shape[-2], device=value.device)[:, None] * speeds
    left, right = value[..., :half], value[..., half:]
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((left * cos - right * sin, right * cos + left * sin), -1)


class _Dilated(nn.Module):
    """Gated dilated convolutions over frames."""

    def __init__(self) -> None:
        super().__init__()
        self.start, self.last = nn.Conv1d(40, 64, 1), nn.Conv1d(64, 40, 1)
        self.gates = nn.ModuleList(
            nn.Conv1d(64, 128, 3, padding=2**at, dilation=2**at) for at in range(5)
        )
        self.mixes = nn.ModuleList(nn.Conv1d(64, 64, 1) for _ in range(5))

    def forward(self, frames: Tensor) -> Tensor:
        frames = self.start(frames)
        for gate, mix in zip(self.gates, self.mixes, strict=True):
            left, right = gate(frames).chunk(2, 1)
            frames = frames + mix(torch.tanh(left) * torch.sigmoid(right))
        return self.last(torch.relu(frames))


class _Vocoder(nn.Module):
    """Frames to samples by transposed convolutions with weight norm."""

    def __init__(self) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.weight_norm
        self.start = norm(nn.Conv1d(40, 64, 7, padding=3))
        self.rises = nn.ModuleList(
            norm(nn.ConvTranspose1d(64 >> at, 32 >> at, 8, 4, 2)) for at in range(2)
        )
        self.mixes = nn.ModuleList(
            norm(nn.Conv1d(32 >> at, 32 >> at, 3, padding=1)) for at in range(2)
        )
        self.last = nn.Conv1d(16, 1, 7, padding=3)

    def forward(self, frames: Tensor) -> Tensor:
        frames = self.start(frames)
        for rise, mix in zip(self.rises, self.mixes, strict=True):
            frames = rise(nn.functional.leaky_relu(frames, 0.1))
            frames = frames + mix(nn.functional.leaky_relu(frames, 0.1))
        return torch.tanh(self.last(frames))


_TIME, _FRAMES = {0: "batch", 1: "time"}, {0: "batch", 2: "time"}
_ROWS = floats(0, -1, _WIDTH)

NETS = (
    Net("lstm", lambda: _Recurrent(nn.LSTM), floats(0, -1, 64), (_TIME,)),
    Net("gru", lambda: _Recurrent(nn.GRU), floats(0, -1, 64), (_TIME,)),
    Net("seq2seq", _Seq2Seq, floats(0, -1, 64), (_TIME,)),
    Net("encoder", _Encoder, _ROWS, (_TIME,)),
    Net("encoder_masked", _Encoder, _padded, (_TIME, _TIME)),
    Net("decoder", _Decoder, _with_memory, (_TIME, {0: "batch"})),
    Net("causal", lambda: _Causal(rotates=False), _ROWS, (_TIME,)),
    Net("rotary", lambda: _Causal(rotates=True), _ROWS, (_TIME,)),
    Net("speech_conv", _Dilated, floats(0, 40, -1), (_FRAMES,), (4, 100), (2, 60)),
    Net("vocoder", _Vocoder, floats(0, 40, -1), (_FRAMES,), (2, 60), (1, 40)),
)
