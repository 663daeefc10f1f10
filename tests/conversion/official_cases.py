"""The official cases of the installed onnx, and how one is compared."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

from transcoder.conversion import to_torch

_DATA = Path(onnx.__file__).parent
_LEFT_OUT = Path(__file__).with_name("left_out.txt")
_FOLDERS = ("simple", "pytorch-converted", "pytorch-operator")
_BFLOAT16_RTOL = 2.0**-6
"""Of the suite's own runner: two steps of bfloat16."""


@dataclass(frozen=True)
class OfficialCase:
    """One case.

    Attributes:
        name: Unlike all others.
        kind: Of which part of the suite.
        model: The network.
        data_sets: Pairs of inputs and wanted outputs.
        rtol: The suite's own relative tolerance.
        atol: The suite's own absolute tolerance.
    """

    name: str
    kind: str
    model: onnx.ModelProto
    data_sets: Sequence[tuple[Sequence[object], Sequence[object]]]
    rtol: float
    atol: float

    @property
    def operators(self) -> tuple[str, ...]:
        """Which operators it has, in order of name."""
        return tuple(sorted({node.op_type for node in self.model.graph.node}))


@cache
def official_cases() -> tuple[OfficialCase, ...]:
    """Collect all cases that the package holds, in order of name."""
    from onnx.backend.test.case.node import collect_testcases  # seconds

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = collect_testcases(None)
    cases = [_of_node(case) for case in nodes]
    cases += [_of_folder(case) for kind in _FOLDERS for case in load_model_tests(kind=kind)]
    cases += [_of_light(case) for case in load_model_tests(kind="real")]
    return tuple(sorted(cases, key=lambda case: case.name))


@cache
def left_out() -> dict[str, str]:
    """Read which cases are left out, and why."""
    rows = (line.split("\t") for line in _LEFT_OUT.read_text().splitlines() if line)
    return {row[0]: row[1] for row in rows}


def is_random(name: str) -> bool:
    """Whether a case is left out because no two libraries draw the same numbers."""
    return left_out().get(name, "").startswith("random:")


def _of_node(case: TestCase) -> OfficialCase:
    assert case.model is not None
    assert case.data_sets is not None
    return OfficialCase(case.name, "node", case.model, case.data_sets, case.rtol, case.atol)


def _of_folder(case: TestCase) -> OfficialCase:
    folder = Path(str(case.model_dir))
    model = onnx.load(folder / "model.onnx")
    sets = [
        (
            list(_read(each, "input", [value.type for value in model.graph.input])),
            list(_read(each, "output", [value.type for value in model.graph.output])),
        )
        for each in sorted(folder.glob("test_data_set*"))
    ]
    return OfficialCase(case.name, case.kind, model, sets, case.rtol, case.atol)


def _read(folder: Path, stem: str, kinds: Sequence[onnx.TypeProto]) -> Iterator[object]:
    for at, kind in enumerate(kinds):
        file = folder / f"{stem}_{at}.pb"
        if not file.exists():
            continue
        content = file.read_bytes()
        match kind.WhichOneof("value"):
            case "sequence_type":
                yield numpy_helper.to_list(onnx.SequenceProto.FromString(content))
            case "optional_type":
                yield numpy_helper.to_optional(onnx.OptionalProto.FromString(content))
            case _:
                yield numpy_helper.to_array(TensorProto.FromString(content))


def _of_light(case: TestCase) -> OfficialCase:
    """Read a whole network with made-up weights, run on counted numbers as the suite does."""
    file = _DATA.parent / str(case.url)
    model = onnx.load(file)
    given = {tensor.name for tensor in model.graph.initializer}
    inputs: list[object] = []
    for value in model.graph.input:
        if value.name not in given:
            shape = [each.dim_value or 1 for each in value.type.tensor_type.shape.dim]
            count = int(np.prod(shape))
            inputs.append((np.arange(count).reshape(shape) / count).astype(np.float32))
    stored = TensorProto.FromString(file.with_name(file.stem + "_output_0.pb").read_bytes())
    outputs = [numpy_helper.to_array(stored)]
    return OfficialCase(case.name, "real", model, [(inputs, outputs)], case.rtol, case.atol)


def is_right(case: OfficialCase) -> bool:
    """Convert a case and compare every output within the suite's own tolerances."""
    return compare(case, to_torch(case.model))


def outcome(
    case: OfficialCase, convert: Callable[[onnx.ModelProto], Callable[..., object]]
) -> tuple[str, str]:
    """Run a case by any converter; "right", "wrong" or "unsupported", and why."""
    try:
        right = compare(case, convert(case.model))
    except Exception as error:  # noqa: BLE001  # other converters raise what they like
        return "unsupported", f"{type(error).__name__}: {error}"
    return ("right", "") if right else ("wrong", "it gives other numbers")


def compare(case: OfficialCase, module: Callable[..., object]) -> bool:
    """Run a converted case and compare all outputs."""
    for inputs, outputs in case.data_sets:
        given = module(*(tensor_of(value) for value in inputs))
        results = given if isinstance(given, tuple) else (given,)
        if len(results) != len(outputs):
            return False
        pairs = zip(results, outputs, strict=True)
        if not all(_is_same(mine, wanted, case) for mine, wanted in pairs):
            return False
    return True


def tensor_of(value: object) -> object:
    """Bring what the suite gives to what a module takes."""
    if value is None:
        return None
    if isinstance(value, list):
        return [tensor_of(each) for each in value]
    array = array_of(value)
    if array.dtype == object or array.dtype.kind in "US":
        return array.astype(object)
    if array.dtype.type.__module__ == "numpy":
        return torch.from_numpy(np.array(array, order="C"))
    return _special_tensor(array)


def _special_tensor(array: NDArray[np.generic]) -> torch.Tensor:
    """Hold what numpy itself does not know as the conversion holds it."""
    match array.dtype.name:
        case "int4" | "int2":
            return torch.from_numpy(array.astype(np.int8))
        case "uint4" | "uint2":
            return torch.from_numpy(array.astype(np.uint8))
        case "float4_e2m1fn":
            return torch.from_numpy(array.astype(np.float32)).to(torch.float8_e4m3fn)
        case name:
            bits = np.array(array, order="C").view(f"i{array.dtype.itemsize}")
            return torch.from_numpy(bits).view(getattr(torch, name))


def array_of(value: object) -> NDArray[np.generic]:
    """Bring what the suite gives to numpy."""
    if isinstance(value, TensorProto):
        return np.asarray(numpy_helper.to_array(value))
    return np.asarray(value)


def _is_same(mine: object, wanted: object, case: OfficialCase) -> bool:
    if isinstance(wanted, list):
        if not isinstance(mine, Sequence) or len(mine) != len(wanted):
            return False
        pairs = zip(mine, wanted, strict=True)
        return all(_is_same(each, other, case) for each, other in pairs)
    if wanted is None or mine is None:
        return mine is wanted
    target = tensor_of(wanted)
    if isinstance(mine, np.ndarray):
        same = isinstance(target, np.ndarray) and target.shape == mine.shape
        return same and bool(np.all(target == mine))
    return isinstance(mine, torch.Tensor) and _is_close(mine, target, case)


def _is_close(mine: torch.Tensor, wanted: object, case: OfficialCase) -> bool:
    if not isinstance(wanted, torch.Tensor):
        return False
    if wanted.dtype != mine.dtype or wanted.shape != mine.shape:
        return False
    rtol = max(case.rtol, _BFLOAT16_RTOL) if wanted.dtype is torch.bfloat16 else case.rtol
    return bool(
        np.allclose(_plain(mine), _plain(wanted), rtol=rtol, atol=case.atol, equal_nan=True)
    )


def _plain(value: torch.Tensor) -> NDArray[np.generic]:
    plain = value.detach()
    wide = plain.dtype.is_floating_point and plain.dtype not in {torch.float32, torch.float64}
    return (plain.to(torch.float64) if wide else plain).numpy()
