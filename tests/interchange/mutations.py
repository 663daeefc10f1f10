"""Damaged ONNX files, and whether reading them ends as it should."""

import resource
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.interchange.graphs import graph
from transcoder.errors import TranscoderError
from transcoder.interchange import cut, find_cuts, read_signature

MEMORY_BYTES = 2**30
SECONDS = 5.0

BRANCH = (
    "g (float[n, 3] x, bool c) => (float[n, 3] y) { a = Tanh(x)  b = If (c) <"
    "then_branch = yes () => (float[n, 3] p) { p = Neg(a) }, "
    "else_branch = no () => (float[n, 3] q) { q = Exp(a) }>  y = Relu(b) }"
)
RESHAPED = (
    "g (float[batch, 4] x) => (float[batch, 4] y) <float[4] w = {1, 2, 3, 4}> "
    "{ a = Mul(x, w)  s = Shape(a)  b = Relu(a)  c = Reshape(b, s)  y = Neg(c) }"
)
LOOKED_UP = (
    "g (int64[n] t) => (float[n, 2] y) <float[3, 2] e = {1, 2, 3, 4, 5, 6}> "
    "{ a = Gather(e, t)  k = Constant<value_ints = [1, 2]>()  b = Expand(a, k)  y = Neg(b) }"
)
CALLED = (
    "g (float[n] x) => (float[n] y) { i = Shape(x)  a = local.twice(x) "
    "b = ConstantOfShape(i)  c = Add(a, b)  y = Neg(c) }"
)
FUNCTION = '<domain: "local", opset_import: ["": 18]> twice (p) => (q) { q = Add(p, p) }'


def nodes_within(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """List nodes and those inside their branches."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            yield from nodes_within(attribute.g.node if attribute.HasField("g") else ())


def seed_models() -> list[bytes]:
    """Small valid models, of one kind each."""
    models = [graph(BRANCH), graph(RESHAPED), graph(LOOKED_UP), graph(CALLED, FUNCTION)]
    return [bytes(each.SerializeToString()) for each in models]


def mutated(data: bytes, number: int) -> bytes:
    """Damage a file: bits, bytes, pieces cut out, doubled or swapped; the same every time."""
    rng = np.random.default_rng(number)
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        kind, place = int(rng.integers(0, 6)), int(rng.integers(0, len(damaged)))
        length = int(rng.integers(1, 9))
        if kind == 0:
            damaged[place] ^= 1 << int(rng.integers(0, 8))
        elif kind == 1:
            damaged[place] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
        elif kind == 2:
            del damaged[place : place + length]
        elif kind == 3:
            damaged[place:place] = damaged[place : place + length]
        elif kind == 4:
            damaged[place:place] = b"\xff\xff\xff\xff\xff\xff\xff\x7f"
        else:
            del damaged[place:]
        if not damaged:
            break
    return bytes(damaged)


def read_all(data: bytes) -> bool:
    """Do all that reads a file; True where it was accepted, our own errors alone may pass."""
    try:
        read_signature(data, "damaged")
        accepted = True
    except TranscoderError:
        accepted = False
    try:
        for each in find_cuts(data, all_dtypes=True).cuts[:3]:
            cut(data, each.tensor)
    except TranscoderError:
        return False
    return accepted


@contextmanager
def bounds() -> Iterator[None]:
    """End what takes more memory or time than a small file may."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(signum, frame)

    limits = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 # a pseudo file
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGALRM, stop)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, limits[1]))
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)


WORDS = (
    *(
        "Relu",
        "Reshape",
        "Expand",
        "Range",
        "ConstantOfShape",
        "Tile",
        "Pad",
        "Slice",
        "Gather",
    ),
    *("Loop", "Scan", "If", "Concat", "Split", "Resize", "OneHot", "Conv", "twice", "Unheard"),
)
EXTREMES = (0, -1, 1, 2, 1 << 31, (1 << 62) + 1, -(1 << 63))


def scrambled(data: bytes, number: int) -> bytes:
    """Damage what a file says and leave it a protobuf; the same every time."""
    model, rng = onnx.load_from_string(data), np.random.default_rng(number)
    nodes = list(nodes_within(model.graph.node))
    dims = [each for value in model.graph.input for each in value.type.tensor_type.shape.dim]
    for _ in range(int(rng.integers(1, 4))):
        node = nodes[int(rng.integers(0, len(nodes)))]
        other = nodes[int(rng.integers(0, len(nodes)))]
        extreme = EXTREMES[int(rng.integers(0, len(EXTREMES)))]
        match int(rng.integers(0, 6)):
            case 0:
                node.op_type = WORDS[int(rng.integers(0, len(WORDS)))]
            case 1:
                node.input.append(other.input[0] if other.input else "nowhere")
            case 2:
                node.attribute.append(helper.make_attribute("axis", extreme))
            case 3 if dims:
                dims[int(rng.integers(0, len(dims)))].dim_value = extreme
            case 4 if node.attribute:
                node.attribute[0].i = extreme
                node.attribute[0].ints.extend([extreme] * 3)
            case _:
                values = np.array([min(abs(extreme), (1 << 63) - 1)] * 3, np.int64)
                node.op_type = "ConstantOfShape"
                model.graph.initializer.append(
                    numpy_helper.from_array(values, [*node.input, ""][0])
                )
    return bytes(model.SerializeToString())


def nested_bytes(depth: int) -> bytes:
    """A model whose If nodes stand in each other's branches, as deep as one likes."""

    def field(number: int, content: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(content)) + content

    def varint(number: int) -> bytes:
        out = bytearray()
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        return bytes([*out, number])

    whole = graph("g (float[n] x, bool c) => (float[n] y) { y = Neg(x) }")
    innermost = content = field(1, bytes(whole.graph.node[0].SerializeToString()))
    ends = b"".join(field(12, bytes(each.SerializeToString())) for each in whole.graph.output)
    for _ in range(depth):
        bodies = {b"then_branch": content, b"else_branch": innermost}
        branches = (
            field(1, name) + field(6, body + field(2, b"b") + ends) + bytes([0xA0, 1, 5])
            for name, body in bodies.items()
        )
        node = field(1, b"c") + field(2, b"y") + field(4, b"If")
        content = field(1, node + b"".join(field(5, each) for each in branches))
    inputs = b"".join(field(11, bytes(each.SerializeToString())) for each in whole.graph.input)
    opset = field(8, bytes(helper.make_opsetid("", 18).SerializeToString()))
    return (
        varint(1 << 3) + varint(9) + field(7, content + field(2, b"g") + inputs + ends) + opset
    )
