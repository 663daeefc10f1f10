"""Whatever the bytes are: an error of ours or a right answer, in bounded time and memory."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, external_data_helper, helper, numpy_helper

from tests.interchange.graphs import graph
from tests.interchange.mutations import (
    FUNCTION,
    bounds,
    mutated,
    nested_bytes,
    read_all,
    scrambled,
    seed_models,
)
from tests.interchange.tiny_models import serialized, tiny_model
from transcoder.errors import InvalidModelError, StorageError
from transcoder.interchange import find_cuts, read_model, read_signature

CHUNK = 60
Damage = Callable[[bytes, int], bytes]


def test_the_seeds_themselves_are_accepted() -> None:
    assert all(map(read_all, seed_models()))


@pytest.mark.parametrize("damage", [mutated, scrambled])
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_end_in_our_errors_or_are_read(damage: Damage, seed: int) -> None:
    data = seed_models()[seed]
    with bounds():
        accepted = [read_all(damage(data, number)) for number in range(CHUNK)]
    assert not all(accepted)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(1, 9))
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("damage", [mutated, scrambled])
def test_thousands_of_damaged_files_end_likewise(damage: Damage, seed: int, chunk: int) -> None:
    data = seed_models()[seed]
    with bounds():
        for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            read_all(damage(data, number))


def test_nested_branches_are_read() -> None:
    assert read_all(nested_bytes(20))


@pytest.mark.parametrize("depth", [33, 40, 100, 2_000])
def test_branches_nested_too_deep_are_refused(depth: int) -> None:
    with bounds(), pytest.raises(InvalidModelError, match="cannot be used"):
        find_cuts(nested_bytes(depth))


def functions(bodies: list[str]) -> ModelProto:
    listed = "\n".join(
        f'<domain: "local", opset_import: ["": 18, "local": 1]> {each}' for each in bodies
    )
    return graph("g (float[n] x) => (float[n] y) { y = local.f0(x) }", listed)


def test_functions_that_call_each_other_are_refused() -> None:
    model = functions(
        ["f0 (p) => (q) { q = local.f1(p) }", "f1 (p) => (q) { q = local.f0(p) }"]
    )
    with pytest.raises(InvalidModelError, match="functions 'f0' and 'f1' call each other"):
        read_signature(serialized(model), "Circle")


def test_a_function_that_calls_itself_is_refused() -> None:
    with pytest.raises(InvalidModelError, match="functions 'f0' and 'f0' call each other"):
        find_cuts(functions(["f0 (p) => (q) { q = local.f0(p) }"]))


def test_functions_that_unfold_to_billions_are_refused_at_once() -> None:
    bodies = [
        f"f{i} (p) => (q) {{ r = local.f{i + 1}(p)  q = local.f{i + 1}(r) }}" for i in range(40)
    ]
    with (
        bounds(),
        pytest.raises(InvalidModelError, match="unfold to more than 1,000,000 nodes"),
    ):
        find_cuts(functions([*bodies, "f40 (p) => (q) { q = Neg(p) }"]))


@pytest.mark.parametrize(
    ("dims", "data", "text"),
    [
        ([1 << 40], b"abcd", r"'weight' is \[1099511627776\] but holds 1 of numbers"),
        ([1 << 62, 1 << 62], b"", "but holds 0 of numbers"),
        ([-8, 4], b"abcd", r"'weight' is \[-8, 4\] but holds 1 of numbers"),
        ([1], b"abcdefgh", r"'weight' is \[1\] but holds 2 of numbers"),
    ],
)
def test_a_tensor_that_is_not_as_large_as_it_says_is_refused(
    dims: list[int], data: bytes, text: str
) -> None:
    model = tiny_model()
    weight = model.graph.initializer[0]
    weight.raw_data = data
    del weight.dims[:]
    weight.dims.extend(dims)
    with bounds(), pytest.raises(InvalidModelError, match=text):
        read_signature(serialized(model), "Liar")


def test_typed_fields_are_counted_too() -> None:
    model = tiny_model()
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.float_data.extend([1.0, 2.0])
    with pytest.raises(InvalidModelError, match=r"'weight' is \[8, 4\] but holds 2 of numbers"):
        find_cuts(model)


@pytest.mark.parametrize("dtype", ["INT4", "UINT4", "FLOAT16", "BFLOAT16", "BOOL", "INT8"])
@pytest.mark.parametrize("count", [3, 4])
def test_packed_and_small_dtypes_are_counted_rightly(dtype: str, count: int) -> None:
    kind = TensorProto.DataType.Value(dtype)
    for raw in (True, False):
        tensor = helper.make_tensor("k", kind, [count], [1] * count)
        if raw:
            tensor = numpy_helper.from_array(numpy_helper.to_array(tensor), "k")
        model = graph("g (float[n] x) => (float[n] y) { a = Relu(x)  y = Neg(a) }")
        model.graph.initializer.append(tensor)
        model.opset_import[0].version, model.ir_version = 21, 10
        assert read_signature(serialized(model), "Small").parameters == count


def with_weights_beside(folder: Path, location: str) -> Path:
    model = tiny_model()
    weight = model.graph.initializer[0]
    external_data_helper.set_external_data(weight, location, length=128)
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    folder.mkdir(exist_ok=True)
    path = folder / "net.onnx"
    path.write_bytes(serialized(model))
    return path


def test_weights_beside_the_file_are_taken_in(tmp_path: Path) -> None:
    path = with_weights_beside(tmp_path / "net", "weights.bin")
    (path.parent / "weights.bin").write_bytes(np.ones(32, np.float32).tobytes())
    model = onnx.load_from_string(read_model(path))
    assert numpy_helper.to_array(model.graph.initializer[0]).tolist() == [[1.0] * 4] * 8


@pytest.mark.parametrize("kind", ["absolute", "above", "link", "lacking", "folder"])
def test_weights_outside_the_folder_are_never_read(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.ones(32, np.float32).tobytes())
    (tmp_path / "net" / "inner").mkdir(parents=True)
    (tmp_path / "net" / "link.bin").symlink_to(secret)
    location = {
        "absolute": str(secret),
        "above": "inner/../../secret.bin",
        "link": "link.bin",
        "lacking": "nothing.bin",
        "folder": "inner",
    }[kind]
    path = with_weights_beside(tmp_path / "net", location)
    with pytest.raises(
        InvalidModelError, match="which is no file in its folder; save the model"
    ):
        read_model(path)


def test_weights_that_are_too_short_are_refused(tmp_path: Path) -> None:
    path = with_weights_beside(tmp_path / "net", "weights.bin")
    (path.parent / "weights.bin").write_bytes(b"short")
    with pytest.raises(InvalidModelError, match="does not hold all of its tensor 'weight'"):
        read_model(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nothing.onnx' cannot be used: No such file"):
        read_model(tmp_path / "nothing.onnx")


BOMBS = {
    "declared": "int64[4000000000] v => { a = Add(v, v)  s = Neg(a)  y = Expand(z, s) }",
    "joined": "int64[4000000000] v => { a = Concat<axis = 0>(v, v)  y = Expand(z, a) }",
    "filled": (
        "int64[1] v => { a = ConstantOfShape(big)  b = Cast<to = 7>(a)  y = Expand(z, b) }"
    ),
    "multiplied": (
        "int64[1] v => { a = Mul(half, half)  b = ConstantOfShape(a)  c = Cast<to = 7>(b) "
        "y = Expand(z, c) }"
    ),
    "rank": "float[4000000000] v => { a = ConstantOfShape(v)  y = Expand(z, v) }",
    "called": "int64[4000000000] v => { a = local.twice(v)  y = Expand(z, a) }",
    "made": "int64[1] v => { e = Expand(big, big)  a = local.twice(e)  y = Expand(z, a) }",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_vectors_of_billions_are_not_written_out(kind: str) -> None:
    more, body = BOMBS[kind].split(" => ")
    model = graph(
        f"g (float[n] z, {more}) => (float[n] y) "
        f"<int64[1] big = {{4000000000}}, int64[1] half = {{80000}}> {body}",
        FUNCTION,
    )
    with bounds():
        read_all(serialized(model))
