"""Writes the halves of a network as ONNX files that take any batch and any time."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from numbers_data import BANDS
from numbers_training import Autoencoder
from numbers_voices import FRAMES

_OPSET = 18
HALVES = ("encoder", "decoder")


def export(network: Autoencoder, name: str, output: str, folder: Path) -> None:
    """Write ``name.encoder.onnx`` and ``name.decoder.onnx`` of a network that reads tokens.

    Args:
        network: What was fitted.
        name: Name of the model.
        output: Name of the tensor that the decoder gives.
        folder: Where to write.
    """
    tokens = torch.tensor([[3, 1, 2, 5, 4], [2, 6, 3, 0, 0]])
    _export(network, tokens, ("tokens", output), folder / name, {0: "batch", 1: "time"})


def export_hearing(network: Autoencoder, name: str, folder: Path) -> None:
    """Write ``name.encoder.onnx`` and ``name.decoder.onnx`` of a network that hears frames."""
    frames = torch.zeros(2, FRAMES, BANDS)
    _export(network, frames, ("frames", "logits"), folder / name, {0: "batch"})


def _export(
    network: Autoencoder,
    example: Tensor,
    ends: tuple[str, str],
    stem: Path,
    free: dict[int, str],
) -> None:
    first, last = ends
    with torch.no_grad():
        hidden = network.encoder(example)
    encoder, decoder = (stem.with_name(f"{stem.name}.{half}.onnx") for half in HALVES)
    _write(network.encoder, example, (first, "hidden"), encoder, {first: free})
    _write(network.decoder, hidden, ("hidden", last), decoder, {})


def _write(
    half: nn.Module,
    example: Tensor,
    names: tuple[str, str],
    path: Path,
    dynamic: dict[str, dict[int, str]],
) -> None:
    source, target = names
    axes = {source: {0: "batch"}, target: {0: "batch"}} | dynamic
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own age
        torch.onnx.export(
            half,
            (example,),
            str(path),
            input_names=[source],
            output_names=[target],
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    model = onnx.load(path)
    for node in model.graph.node:
        node.ClearField("doc_string")
    _settle(model, half(example).shape, free=axes[target])
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _settle(model: onnx.ModelProto, shape: torch.Size, *, free: dict[int, str]) -> None:
    """State the sizes of the output that the exporter could not infer."""
    for axis, dim in enumerate(model.graph.output[0].type.tensor_type.shape.dim):
        if axis not in free:
            dim.dim_value = shape[axis]
