"""Whether an exported file computes what the module computes."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from transcoder.errors import ExportMismatchError
from transcoder.vocabulary import Array, Tensors

TOLERANCE = 1e-5
"""How far a file may be off, relative to the largest number of its output."""


def verify(
    content: bytes, run: Callable[[Sequence[Tensor]], Sequence[Tensor]],
    examples: Sequence[Mapping[str, Array]],
) -> None:  # fmt: skip
    """Run file and module on the same examples.

    Args:
        content: The ONNX file.
        run: The module on its inputs in the graph's order.
        examples: Arrays by the graph's input names.

    Raises:
        ExportMismatchError: If any output is off by more than the tolerance.
    """
    session = _session(content)
    for example in examples:
        given = session.run(None, dict(example))
        with torch.no_grad():
            wanted = run([torch.from_numpy(np.array(each)) for each in example.values()])
        for mine, other in zip(given, wanted, strict=True):
            difference = _difference(np.asarray(mine), other.numpy())
            if not difference <= TOLERANCE:
                raise ExportMismatchError(difference, TOLERANCE)


def at_two_sizes(example: Tensors, axes: Sequence[Sequence[str | int]]) -> list[Tensors]:
    """Cut a batch to its first row, and double each open axis, so that no size can be built in.

    Args:
        example: Arrays by the graph's input names, in order.
        axes: Of each, in that order: the name of an open axis, or a length.
    """
    doubled = dict(example)
    for name, named in zip(example, axes, strict=True):
        for at, axis in enumerate(named):
            if isinstance(axis, str):
                doubled[name] = np.concatenate((doubled[name], doubled[name]), axis=at)
    return [{name: value[:1] for name, value in example.items()}, doubled]


def _session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _difference(mine: Array, other: Array) -> float:
    if mine.shape != other.shape or mine.dtype != other.dtype:
        return float("inf")
    first, second = mine.astype(np.float64), other.astype(np.float64)
    scale = max(float(np.abs(second).max(initial=0.0)), 1e-6)
    return float(np.abs(first - second).max(initial=0.0)) / scale
