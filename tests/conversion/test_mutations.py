"""Networks with broken nodes: an error of ours or a module, never another error."""

import random

import onnx
import pytest

from tests.conversion.official_cases import OfficialCase, official_cases
from transcoder.conversion import to_torch
from transcoder.errors import TranscoderError

MOST_BYTES = 20_000


def mutated(case: OfficialCase, chance: random.Random) -> onnx.ModelProto:
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
    for case in chance.choices(cases, k=150):
        try:
            to_torch(mutated(case, chance))
        except TranscoderError:
            refused += 1
    assert 0 < refused < 150
