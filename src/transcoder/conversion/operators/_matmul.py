"""Products of matrices.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

from collections.abc import Mapping

import torch
from torch import Tensor

from transcoder.conversion.operators._handler import Handler, handlers


def gemm(
    left: Tensor, right: Tensor, bias: Tensor | None = None,
    *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0,  # noqa: N803  # named as in ONNX
) -> Tensor:  # fmt: skip
    """Multiply and add: https://onnx.ai/onnx/operators/onnx__Gemm.html."""
    first = left.t() if transA else left
    second = right.t() if transB else right
    if bias is None:
        product = first @ second
        return product if alpha == 1 else _scaled(product, alpha)
    if alpha == beta == 1:
        return torch.addmm(bias, first, second)
    return _scaled(first @ second, alpha) + _scaled(bias, beta)


def _scaled(value: Tensor, factor: float) -> Tensor:
    return (value * factor).to(value.dtype)


def einsum(*values: Tensor, equation: str) -> Tensor:
    """Sum over shared letters: https://onnx.ai/onnx/operators/onnx__Einsum.html."""
    return torch.einsum(equation.replace(" ", ""), *values)


HANDLERS: Mapping[str, Handler] = handlers(
    {"Det": torch.linalg.det, "Einsum": einsum, "Gemm": gemm, "MatMul": torch.matmul}
)
