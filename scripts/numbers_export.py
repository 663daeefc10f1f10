"""Writes the halves of a network as ONNX files that take any batch and any time."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from numbers_training import Autoencoder

_OPSET = 18


def export(network: Autoencoder, name: str, output: str, folder: Path) -> None:
    """Write ``name.encoder.onnx`` and ``name.decoder.onnx``.

    Args:
        network: What was fitted.
        name: Name of the model.
        output: Name of the tensor that the decoder gives.
        folder: Where to write.
    """
    tokens = torch.tensor([[3, 1, 2, 5, 4], [2, 6, 3, 0, 0]])
    with torch.no_grad():
        hidden = network.encoder(tokens)
    dynamic = {"tokens": {0: "batch", 1: "time"}}
    _write(
        network.encoder, tokens, ("tokens", "hidden"), folder / f"{name}.encoder.onnx", dynamic
    )
    _write(network.decoder, hidden, ("hidden", output), folder / f"{name}.decoder.onnx", {})


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
