"""Networks with broken nodes: an error of ours or a module, never another error."""

import random
from collections.abc import Callable

import onnx
import pytest
from onnx import external_data_helper

from tests.conversion.official_cases import OfficialCase, official_cases
from tests.interchange.mutations import bounds, mutated, nested_bytes, scrambled, seed_models
from transcoder.conversion import explain_gradients, to_torch
from transcoder.errors import InvalidModelError, TranscoderError

MOST_BYTES = 20_000
SAMPLED = 12

Damage = Callable[[bytes, int], bytes]


def broken(case: OfficialCase, chance: random.Random) -> onnx.ModelProto:
    """Break one node, or the type of the first input."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    node = chance.choice(model.graph.node)
    match chance.randrange(4):
        case 0 if node.attribute:
            del node.attribute[chance.randrange(len(node.attribute))]
        case 1 if node.input:
            del node.input[chance.randrange(len(node.input)) :]
        case 2:
            del node.output[:]
        case _ if model.graph.input:
            kind = model.graph.input[0].type.tensor_type
            kind.elem_type = chance.choice([0, 8, 12, 13, 17, 21, 22, 23, 99])
        case _:
            pass
    return model


@pytest.mark.parametrize("seed", range(3))
def test_a_network_with_a_broken_node_is_refused_or_converted(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # not for secrets
    cases = [case for case in official_cases() if case.model.ByteSize() < MOST_BYTES]
    refused = 0
    for case in chance.choices(cases, k=80):
        try:
            to_torch(broken(case, chance))
        except TranscoderError:
            refused += 1
    assert 0 < refused < 80


def convert_all(data: bytes) -> bool:
    """Do all that converts a file; True where it was accepted, no error but ours passes."""
    accepted = True
    for work in (to_torch, explain_gradients):
        try:
            work(data)
        except TranscoderError:
            accepted = False
    return accepted


def test_the_seeds_themselves_are_converted() -> None:
    assert all(map(convert_all, seed_models()))


@pytest.mark.parametrize("damage", [mutated, scrambled])
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_refused_or_converted(damage: Damage, seed: int) -> None:
    data = seed_models()[seed]
    with bounds():
        accepted = [convert_all(damage(data, number)) for number in range(SAMPLED)]
    assert not all(accepted)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [mutated, scrambled])
@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_damaged_files_end_likewise(damage: Damage, seed: int) -> None:
    data = seed_models()[seed]
    for number in range(SAMPLED, 540):
        with bounds():
            convert_all(damage(data, number))


@pytest.mark.parametrize(
    ("text", "wrong"), [(b"Tanh", b"T\xffnh"), (b"\x01x\x12", b"\x01\xff\x12")]
)
def test_a_name_that_is_no_text_is_refused(text: bytes, wrong: bytes) -> None:
    data = seed_models()[0].replace(text, wrong, 1)
    with pytest.raises(InvalidModelError, match="is not UTF-8 text; get the file again"):
        to_torch(data)


@pytest.mark.parametrize("location", ["../secret.bin", "weights.bin"])
def test_bytes_that_lean_on_other_files_are_refused(location: str) -> None:
    model = onnx.load_from_string(seed_models()[1])
    model.graph.initializer[0].raw_data = b""
    external_data_helper.set_external_data(model.graph.initializer[0], location, length=16)
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(InvalidModelError, match=r"in another file.*with its weights inside"):
        to_torch(model.SerializeToString())


def test_a_tensor_that_is_not_as_large_as_it_says_is_refused() -> None:
    model = onnx.load_from_string(seed_models()[1])
    model.graph.initializer[0].dims[0] = 1 << 40
    with bounds(), pytest.raises(InvalidModelError, match="but holds 4 of numbers"):
        to_torch(model)


@pytest.mark.parametrize("depth", [40, 2_000])
def test_branches_nested_too_deep_are_refused(depth: int) -> None:
    with bounds(), pytest.raises(InvalidModelError, match="get the file again"):
        to_torch(nested_bytes(depth))
