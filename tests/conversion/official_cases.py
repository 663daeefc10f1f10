"""The official node cases of the installed onnx, and how one is compared."""

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.test_case import TestCase

from transcoder.conversion import to_torch

_LEFT_OUT = Path(__file__).with_name("left_out.txt")


@cache
def official_cases() -> tuple[TestCase, ...]:
    """Collect all deterministic node cases, in order of name."""
    from onnx.backend.test.case.node import collect_testcases  # seconds

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    return tuple(sorted(cases, key=lambda case: str(case.name)))


@cache
def left_out() -> dict[str, str]:
    """Read which cases are refused, and why."""
    rows = (line.split("\t") for line in _LEFT_OUT.read_text().splitlines() if line)
    return {row[0]: row[1] for row in rows}


def is_right(case: TestCase) -> bool:
    """Convert a case and compare every output within the suite's own tolerances."""
    assert case.model is not None
    assert case.data_sets is not None
    module = to_torch(case.model)
    for inputs, outputs in case.data_sets:
        given = module(*(_tensor(value) for value in inputs))
        results = given if isinstance(given, tuple) else (given,)
        pairs = zip(results, outputs, strict=True)
        if not all(_is_same(mine, wanted, case) for mine, wanted in pairs):
            return False
    return True


def _tensor(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, list):
        return [_tensor(each) for each in value]
    array = _array(value)
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(np.array(array, order="C"))


def _array(value: object) -> NDArray[np.generic]:
    if isinstance(value, TensorProto):
        return np.asarray(numpy_helper.to_array(value))
    return np.asarray(value)


def _is_same(mine: object, wanted: object, case: TestCase) -> bool:
    if isinstance(wanted, Sequence) and not isinstance(mine, torch.Tensor):
        assert isinstance(mine, Sequence)
        pairs = zip(mine, wanted, strict=True)
        return all(_is_same(each, other, case) for each, other in pairs)
    assert isinstance(mine, torch.Tensor)
    array, plain = _array(wanted), mine.detach()
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
        plain = plain.float() if plain.dtype is torch.bfloat16 else plain
    other = plain.numpy()
    if array.shape != other.shape or array.dtype != other.dtype:
        return False
    return np.allclose(other, array, rtol=case.rtol, atol=case.atol, equal_nan=True)
