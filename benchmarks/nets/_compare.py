"""How right and how fast a converted net is beside the original."""

import time
from collections.abc import Callable, Sequence
from statistics import median

import onnxruntime
import torch
from torch import Tensor, nn

from transcoder.conversion import OnnxModule

Inputs = tuple[Tensor, ...]


def difference(
    original: nn.Module, converted: OnnxModule, inputs: Inputs
) -> tuple[float, float]:
    """Compare outputs and input gradients.

    Returns:
        The largest difference over the largest wanted, of outputs and of gradients.
    """
    wanted, wanted_back = _both_ways(original, inputs)
    given, given_back = _both_ways(converted, inputs)
    forward = _relative([given], [wanted])
    return forward, _relative(given_back, wanted_back)


def widened(inputs: Inputs) -> Inputs:
    """Give the inputs double precision."""
    return tuple(each.double() if each.is_floating_point() else each for each in inputs)


def _both_ways(module: nn.Module, inputs: Inputs) -> tuple[Tensor, Sequence[Tensor]]:
    given = [each.clone() for each in inputs]
    floating = [each.requires_grad_() for each in given if each.is_floating_point()]
    end = module(*given)
    weights = torch.randn(end.shape, generator=torch.Generator().manual_seed(1))
    back = torch.autograd.grad(end, floating, weights.to(end.dtype), materialize_grads=True)
    return end.detach(), back


def _relative(given: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    errors = [0.0]
    for mine, other in zip(given, wanted, strict=True):
        if mine.shape != other.shape or not torch.isfinite(other).equal(torch.isfinite(mine)):
            return float("inf")
        scale = other.abs().max().clamp(min=1e-12)
        errors.append(float((mine - other).abs().max() / scale))
    return max(errors)


def times(
    original: nn.Module, converted: OnnxModule, content: bytes | None, inputs: Inputs,
    seconds: float,
) -> dict[str, float]:  # fmt: skip
    """Measure medians of interleaved repeats on one thread, as ratios.

    What is measured is the processor time of this process, so that others on the same machine
    count for little.
    """
    given = [each.clone() for each in inputs]
    floating = [each.requires_grad_() for each in given if each.is_floating_point()]
    weights = torch.ones_like(original(*given))

    def forward(module: nn.Module) -> Callable[[], object]:
        def call() -> object:
            with torch.no_grad():
                return module(*inputs)

        return call

    def both(module: nn.Module) -> Callable[[], object]:
        return lambda: torch.autograd.grad(
            module(*given), floating, weights, materialize_grads=True
        )

    calls = [forward(original), forward(converted), both(original), both(converted)]
    if content is not None:
        calls.append(onnxruntime_call(content, inputs))
    medians = interleaved(calls, seconds)
    ratios = {"forward": medians[1] / medians[0], "both": medians[3] / medians[2]}
    ratios |= {"forward_ms": medians[0] * 1e3, "both_ms": medians[2] * 1e3}
    if content is not None:
        ratios["onnxruntime"] = medians[1] / medians[4]
    return ratios


def interleaved(calls: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """Call each in turn for some seconds in all, and take the median of each, in seconds."""
    for call in calls:
        for _ in range(3):
            call()
    spent: list[list[float]] = [[] for _ in calls]
    end = time.process_time() + seconds
    while time.process_time() < end or len(spent[0]) < 7:  # noqa: PLR2004  # a median of few is noise
        for call, mine in zip(calls, spent, strict=True):
            start = time.process_time()
            call()
            mine.append(time.process_time() - start)
    return [median(each) for each in spent]


def onnxruntime_call(content: bytes, inputs: Inputs) -> Callable[[], object]:
    """Make a call of ONNX Runtime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    given = dict(zip(names, (each.numpy() for each in inputs), strict=True))
    return lambda: session.run(None, given)
