"""Spectra, windows and filter banks.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# a kernel has the inputs and attributes that ONNX gives it

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler

_COMPLEX_PARTS = 2


def _one(value: int | tuple[int, ...]) -> int:
    return value[0] if isinstance(value, tuple) else value


def _wide(value: Tensor) -> Tensor:
    """Half precision has no spectrum of its own on most devices."""
    return value if value.dtype in {torch.float32, torch.float64} else value.float()


def _joined(value: Tensor) -> Tensor:
    """Read (..., 1) as real and (..., 2) as complex numbers."""
    wide = _wide(value)
    if value.shape[-1] == _COMPLEX_PARTS:
        return torch.view_as_complex(wide.contiguous())
    return wide.squeeze(-1)


def transform(
    value: Tensor, length: int | tuple[int, ...] | None = None,
    axis: int | tuple[int, ...] | None = None,
    *, inverse: int = 0, onesided: int = 0,
) -> Tensor:  # fmt: skip
    """Find the spectrum along an axis, or the signal: https://onnx.ai/onnx/operators/onnx__DFT.html."""
    at = _one(-2 if axis is None else axis) % value.dim()
    if at == value.dim() - 1:
        message = "the last axis holds the parts of complex numbers, no signal"
        raise ValueError(message)
    size = value.shape[at] if length is None else _one(length)
    signal = _joined(value)
    if inverse and onesided:
        size = 2 * (value.shape[at] - 1) if length is None else size
        real: Tensor = torch.fft.irfft(signal, size, at)
        return real.unsqueeze(-1).to(value.dtype)
    if inverse:
        return torch.view_as_real(torch.fft.ifft(signal, size, at).resolve_conj()).to(
            value.dtype
        )
    spectrum = torch.fft.fft(signal, size, at)
    if onesided:
        spectrum = spectrum.narrow(at, 0, size // 2 + 1)
    return torch.view_as_real(spectrum.resolve_conj()).to(value.dtype)


def short_transform(
    value: Tensor, step: int | tuple[int, ...], window: Tensor | None = None,
    length: int | tuple[int, ...] | None = None, *, onesided: int = 1,
) -> Tensor:  # fmt: skip
    """Find the spectra of windows: https://onnx.ai/onnx/operators/onnx__STFT.html.

    Args:
        value: Signals, (batch, time, 1) or (batch, time, 2).
        step: From window to window.
        window: What each window is multiplied with, (length,).
        length: Of a window.
        onesided: Whether the mirrored half is left out.
    """
    if length is None:
        size = value.shape[1] if window is None else window.shape[0]
    else:
        size = _one(length)
    if onesided and value.shape[-1] == _COMPLEX_PARTS:
        message = "a complex signal has no one-sided spectrum"
        raise ValueError(message)
    frames = _joined(value).unfold(1, size, _one(step))
    shaped = frames if window is None else frames * window.to(_wide(value).dtype)
    spectra = torch.fft.fft(shaped, dim=-1)
    if onesided:
        spectra = spectra.narrow(-1, 0, size // 2 + 1)
    return torch.view_as_real(spectra.resolve_conj()).to(value.dtype)


def _window(
    size: Tensor, weights: tuple[float, ...], periodic: int, dtype: torch.dtype
) -> Tensor:
    """Sum cosines over the places of a window."""
    count = int(size)
    places = torch.arange(count, dtype=torch.float64, device=size.device)
    turn = places * (2 * math.pi / (count if periodic else count - 1))
    parts = [weight * torch.cos(turn * at) for at, weight in enumerate(weights)]
    return torch.stack(parts).sum(0).to(dtype)


def hann_window(
    size: Tensor, *, output_datatype: torch.dtype = torch.float32, periodic: int = 1
) -> Tensor:
    """Rise and fall as a cosine: https://onnx.ai/onnx/operators/onnx__HannWindow.html."""
    return _window(size, (0.5, -0.5), periodic, output_datatype)


def hamming_window(
    size: Tensor, *, output_datatype: torch.dtype = torch.float32, periodic: int = 1
) -> Tensor:
    """Rise and fall, not to zero: https://onnx.ai/onnx/operators/onnx__HammingWindow.html."""
    return _window(size, (25 / 46, -21 / 46), periodic, output_datatype)


def blackman_window(
    size: Tensor, *, output_datatype: torch.dtype = torch.float32, periodic: int = 1
) -> Tensor:
    """Rise and fall softly: https://onnx.ai/onnx/operators/onnx__BlackmanWindow.html."""
    return _window(size, (0.42, -0.5, 0.08), periodic, output_datatype)


def mel_weights(
    bins: Tensor, length: Tensor, rate: Tensor, low: Tensor, high: Tensor,
    *, output_datatype: torch.dtype = torch.float32,
) -> Tensor:  # fmt: skip
    """Make a filter bank: https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html."""
    count, size = int(bins), int(length)
    first, last = (2595 * math.log10(1 + each.item() / 700) for each in (low, high))
    step = (last - first) / (count + 2)
    edges = [
        int((size + 1) * (700 * (10 ** ((first + step * at) / 2595) - 1)) // rate.item())
        for at in range(count + 2)
    ]
    table = torch.zeros(size // 2 + 1, count, dtype=torch.float64)
    for at in range(count):
        left, centre, right = edges[at : at + 3]
        if centre == left:
            table[centre, at] = 1
        for place in range(left, centre + 1):
            table[place, at] = (place - left) / (centre - left) if centre > left else 1
        for place in range(centre, right):
            table[place, at] = (right - place) / (right - centre)
    return table.to(bins.device, output_datatype)


HANDLERS: Mapping[str, Handler] = {
    "BlackmanWindow": Handler(blackman_window),
    "DFT": Handler(transform, host=(1, 2)),
    "HammingWindow": Handler(hamming_window),
    "HannWindow": Handler(hann_window),
    "MelWeightMatrix": Handler(mel_weights),
    "STFT": Handler(short_transform, host=(1, 3)),
}
