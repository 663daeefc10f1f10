"""Several operators as one kernel: the same numbers and gradients, in fewer steps."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from onnx import NodeProto, helper

from tests.conversion.onnx_graphs import Arrays, graph_model, run_onnxruntime
from transcoder.conversion import OnnxModule, to_torch

RNG = np.random.default_rng(5)


def normal(*shape: int) -> NDArray[np.float32]:
    return RNG.standard_normal(shape).astype(np.float32)


def number(value: float) -> NDArray[np.float32]:
    return np.array(value, np.float32)


def nodes_of(text: str) -> list[NodeProto]:
    """Read lines like `Add x b -> y keepdims=0`."""
    nodes = []
    for line in filter(None, map(str.strip, text.splitlines())):
        left, _, right = line.partition(" -> ")
        (operator, *inputs), (output, *settings) = left.split(), right.split()
        pairs = (each.split("=") for each in settings)
        attributes = {name: [int(n) for n in value.split(",")] for name, value in pairs}
        single = {n: v if n == "perm" else v[0] for n, v in attributes.items()}
        nodes.append(helper.make_node(operator, inputs, [output], **single))  # type: ignore[arg-type]  # any attribute
    return nodes


def steps(module: OnnxModule) -> int:
    return len(module._plan.steps)  # noqa: SLF001  # how often torch is called shows nowhere else


def check(text: str, inputs: Arrays, weights: Arrays, outputs: tuple[str, ...] = ("y",)) -> int:
    """Compare with ONNX Runtime at one and at another batch; give the number of steps."""
    content = graph_model(nodes_of(text), inputs, outputs, weights=weights)
    module = to_torch(content)
    for part in (slice(None), slice(1), slice(1), slice(None)):
        given = {name: array[part] for name, array in inputs.items()}
        results = module(*(torch.from_numpy(each) for each in given.values()))
        results = results if isinstance(results, tuple) else (results,)
        for mine, wanted in zip(results, run_onnxruntime(content, given), strict=True):
            np.testing.assert_allclose(mine.numpy(), wanted, rtol=1e-4, atol=1e-6)
    return steps(module)


HALF, ONE = number(0.5), number(1)
CASES: dict[str, tuple[str, Arrays]] = {
    "linear": ("MatMul x w -> t\nAdd b t -> y", {"w": normal(4, 5), "b": normal(5)}),
    "swish": ("Sigmoid x -> s\nMul s x -> y", {}),
    "gelu": (
        "Div x root -> d\nErf d -> e\nAdd e one -> a\nMul x a -> m\nMul m half -> y",
        {"root": number(math.sqrt(2)), "one": ONE, "half": HALF},
    ),
    "gelu_tanh": (
        """
        Pow x three -> p
        Mul p small -> q
        Add x q -> s
        Mul s root -> i
        Tanh i -> t
        Add t one -> a
        Mul x half -> h
        Mul h a -> y
        """,
        {
            "three": number(3), "small": number(0.044715), "one": ONE, "half": HALF,
            "root": number(math.sqrt(2 / math.pi)),
        },
    ),
    "layer_norm": (
        """
        ReduceMean x axis -> m
        Sub x m -> c
        Pow c two -> p
        ReduceMean p axis -> v
        Add v tiny -> a
        Sqrt a -> r
        Div c r -> n
        Mul n w -> s
        Add s b -> y
        """,
        {
            "axis": np.array([-1]), "two": number(2), "tiny": number(1e-5),
            "w": normal(4), "b": normal(4),
        },
    ),
    "hard_sigmoid": ("HardSwish x -> y", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_known_pattern_becomes_one_step(name: str) -> None:
    text, weights = CASES[name]
    assert check(text, {"x": normal(3, 2, 4)}, weights) == 1


def test_what_else_is_read_stays_where_it_is() -> None:
    text = "MatMul x w -> t\nAdd t b -> y\nExp t -> z"
    weights = {"w": normal(4, 5), "b": normal(5)}
    assert check(text, {"x": normal(3, 4)}, weights, ("y", "z")) == 3
    assert check(text, {"x": normal(3, 4)}, weights, ("y", "t")) == 2


ATTENTION = """
    Reshape k flat -> kf
    Transpose kf -> kt perm=0,2,1
    Reshape kt back -> key
    Mul q root -> qs
    Mul key root -> ks
    MatMul qs ks -> scores
    Add scores mask -> hidden
    Softmax hidden -> shares
"""
SIZES: Arrays = {
    "flat": np.array([-1, 5, 4]), "back": np.array([-1, 2, 4, 5]),
    "root": np.array([0.7], np.float32), "zero": number(0),
}  # fmt: skip


def heads() -> dict[str, NDArray[np.float32]]:
    return {"q": normal(2, 2, 3, 4), "k": normal(2, 2, 5, 4), "v": normal(2, 2, 5, 4)}


def masks(*, hides_all: bool) -> NDArray[np.float32]:
    mask = np.triu(np.full((3, 5), -np.inf, np.float32), 1)
    mask[1] = -np.inf if hides_all else mask[1]
    return mask


def test_attention_that_is_written_out_becomes_one_step_beside_the_turned_key() -> None:
    text = ATTENTION + "MatMul shares v -> y"
    weights = {**SIZES, "mask": masks(hides_all=False)}
    assert check(text, heads(), weights) == 3


def test_a_row_that_may_see_nothing_gives_no_number_and_no_broken_gradients() -> None:
    text = ATTENTION + "MatMul shares v -> y"
    weights = {**SIZES, "mask": masks(hides_all=True)}
    check(text, heads(), weights)
    module = to_torch(graph_model(nodes_of(text), heads(), ["y"], weights=weights))
    given = [torch.from_numpy(each).requires_grad_() for each in heads().values()]
    result = module(*given)
    assert result[:, :, 1].isnan().all()
    back = torch.autograd.grad(result[:, :, 0].sum(), given)
    assert all(each.isfinite().all() for each in back)


def test_a_row_that_may_see_nothing_gives_zeros_where_the_file_says_so() -> None:
    tail = "IsNaN shares -> n\nWhere n zero shares -> kept\nMatMul kept v -> y"
    weights = {**SIZES, "mask": masks(hides_all=True)}
    assert check(ATTENTION + tail, heads(), weights) == 3


def test_attention_over_other_axes_is_computed_as_written() -> None:
    inputs = {"q": normal(3, 4), "k": normal(4, 5), "v": normal(5, 2)}
    weights = {"mask": normal(3, 5)}
    text = (
        "MatMul q k -> t\nAdd mask t -> s\nSoftmax s -> p axis=1\nMatMul p v -> y"
    )  # fmt: skip
    module = to_torch(graph_model(nodes_of(text), inputs, ["y"], weights=weights))
    wanted = run_onnxruntime(
        graph_model(nodes_of(text), inputs, ["y"], weights=weights), inputs
    )
    given = module(*(torch.from_numpy(each) for each in inputs.values()))
    np.testing.assert_allclose(given.numpy(), wanted[0], rtol=1e-5)


def test_slices_side_by_side_are_one_cut_with_the_gradients_of_all() -> None:
    text = """
        Slice x zero two axis -> a
        Slice x two end axis -> b
        Neg b -> c
        Concat c a -> y axis=1
    """
    numbers = {"zero": 0, "two": 2, "axis": 1, "end": np.iinfo(np.int64).max}
    weights = {name: np.array([each]) for name, each in numbers.items()}
    assert check(text, {"x": normal(3, 5)}, weights) == 3
    assert check(text, {"x": normal(3, 1)}, weights) == 3
    module = to_torch(
        graph_model(nodes_of(text), {"x": normal(3, 5)}, ["y"], weights=weights)
    ).double()
    rows = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, (rows,))


def test_what_is_computed_twice_is_computed_once() -> None:
    text = "Exp x -> a\nExp x -> b\nSin a -> c\nSin b -> d\nAdd c d -> y"
    assert check(text, {"x": normal(3, 2)}, {}) == 3


def test_chance_is_never_shared() -> None:
    text = "RandomNormalLike x -> a\nRandomNormalLike x -> b\nSub a b -> y"
    module = to_torch(graph_model(nodes_of(text), {"x": normal(3, 2)}, ["y"]))
    assert module(torch.zeros(3, 2)).any()


POSITIONS = """
    Shape x -> shape
    Gather shape one -> time
    Range zero time one -> places
    Cast places -> floats to=1
    Sin floats -> waves
    Add x waves -> y
"""


def test_what_follows_from_shapes_is_kept_for_each_shape_and_cast() -> None:
    weights = {"zero": np.array(0), "one": np.array(1)}
    assert check(POSITIONS, {"x": normal(3, 4)}, weights) == 7
    module = to_torch(
        graph_model(nodes_of(POSITIONS), {"x": normal(3, 4)}, ["y"], weights=weights)
    )
    for length in (4, 7, 4, 7):
        wanted = torch.arange(length).float().sin().expand(2, length)
        torch.testing.assert_close(module(torch.zeros(2, length)), wanted)
    wide = module.double()(torch.zeros(2, 4, dtype=torch.float64))
    assert wide.dtype is torch.float64
    torch.testing.assert_close(wide[0], torch.arange(4).double().sin())


def test_what_follows_from_values_is_never_kept() -> None:
    text = "NonZero x -> places\nShape places -> shape\nCast shape -> y to=1"
    module = to_torch(graph_model(nodes_of(text), {"x": normal(4)}, ["y"]))
    counts = [module(torch.tensor(row, dtype=torch.float32))[1] for row in ([1, 0], [1, 1])]
    assert counts == [1, 2]


def test_values_kept_without_gradients_serve_with_them() -> None:
    weights = {"zero": np.array(0), "one": np.array(1)}
    content = graph_model(nodes_of(POSITIONS), {"x": normal(3, 4)}, ["y"], weights=weights)
    module, rows = to_torch(content), torch.zeros(2, 4)
    with torch.inference_mode():
        module(rows)
    with torch.no_grad():
        module(rows)
    given = rows.clone().requires_grad_()
    module(given).square().sum().backward()
    assert given.grad is not None
    assert given.grad[0, 0] == 0
    assert given.grad[:, 1:].all()


def test_it_runs_under_compile_and_under_transforms() -> None:
    weights = {"zero": np.array(0), "one": np.array(1)}
    content = graph_model(nodes_of(POSITIONS), {"x": normal(3, 4)}, ["y"], weights=weights)
    module, rows = to_torch(content), torch.randn(3, 4)
    pull = torch.func.vjp(module, rows)[1]
    assert torch.equal(pull(torch.ones(3, 4))[0], torch.ones(3, 4))
    compiled = torch.compile(module, backend="eager")
    assert torch.equal(compiled(rows), module(rows))
    assert torch.equal(compiled(rows[:, :2]), module(rows[:, :2]))
