"""Segments in sequence as one frozen module."""

from hashlib import sha256

import numpy as np
import pytest
import torch
from onnx import helper

from tests.conversion.onnx_graphs import graph_model
from transcoder.errors import ConversionError, InvalidModelError
from transcoder.stack import FrozenStack, build_stack
from transcoder.vocabulary import (
    Catalog,
    EdgePath,
    Exactness,
    Modality,
    ModalityEntry,
    Oracle,
    Segment,
    SegmentKey,
    Spec,
)

A, B, C = (Modality.parse(text) for text in ("{A}", "{B}", "{C}"))
SPECS = {
    A: Spec.parse("hidden: float32[batch, 3]"),
    B: Spec.parse("hidden: float32[batch, 2]"),
    C: Spec.parse("logits: float32[batch, 2]", "hidden: float32[batch, 2]"),
}
CATALOG = Catalog(modalities={each: ModalityEntry(each, spec) for each, spec in SPECS.items()})
WEIGHT = np.arange(6, dtype=np.float32).reshape(3, 2)

FIRST = graph_model(
    [helper.make_node("MatMul", ["source.hidden", "w"], ["target.hidden"])],
    {"source.hidden": np.zeros((1, 3), np.float32)}, ["target.hidden"], weights={"w": WEIGHT},
)  # fmt: skip
SECOND = graph_model(
    [helper.make_node("Exp", ["h"], ["unused"]), helper.make_node("Neg", ["h"], ["l"])],
    {"h": np.zeros((1, 2), np.float32)}, ["unused", "l"],
)  # fmt: skip
BLOBS = {sha256(content).hexdigest(): content for content in (FIRST, SECOND)}


def segment(source: Modality, target: Modality, content: bytes, **names: str) -> Segment:
    """Make a segment whose graph calls tensors by other names."""
    pairs = {name.replace("_", "."): graph for name, graph in names.items()}
    digest = sha256(content).hexdigest()
    return Segment(SegmentKey("M", source, target), digest=digest, names=pairs)


ONE = segment(A, B, FIRST, source_hidden="source.hidden", target_hidden="target.hidden")
TWO = segment(B, C, SECOND, source_hidden="h", logits="l", target_hidden="unused")


def stack(*edges: Segment | Oracle) -> FrozenStack:
    return build_stack(EdgePath(A, edges), BLOBS.__getitem__, CATALOG)


def test_tensors_are_wired_by_the_names_of_the_specs() -> None:
    rows = torch.ones(4, 3)
    given = stack(ONE, TWO)({"hidden": rows})
    wanted = rows @ torch.from_numpy(WEIGHT)
    assert set(given) == {"logits", "hidden"}
    torch.testing.assert_close(given["logits"], -wanted)
    torch.testing.assert_close(given["hidden"], wanted.exp())


def test_a_path_without_edges_gives_back_what_it_takes() -> None:
    rows = torch.ones(2, 3)
    assert stack()({"hidden": rows})["hidden"] is rows


def test_gradients_flow_to_the_input_and_to_no_weight() -> None:
    rows = torch.ones(2, 3, requires_grad=True)
    net = stack(ONE, TWO)
    net({"hidden": rows})["logits"].sum().backward()
    assert rows.grad is not None
    torch.testing.assert_close(rows.grad, -torch.from_numpy(WEIGHT).sum(1).expand(2, 3))
    assert not any(each.requires_grad for each in net.parameters())


def test_the_stack_stays_in_evaluation_mode() -> None:
    net = torch.nn.Sequential(stack(ONE)).train()
    assert net.training
    assert not any(each.training for each in net[0].modules())


def test_a_missing_tensor_is_named() -> None:
    with pytest.raises(ConversionError, match="'hidden' was not given"):
        stack(ONE)({"other": torch.ones(1, 3)})


def test_an_oracle_lets_no_gradient_pass() -> None:
    oracle = Oracle("O", "o", A, B, Exactness.EXACT, "m:O", "1")
    with pytest.raises(ConversionError, match="no gradient passes through an oracle"):
        stack(oracle)


def test_a_transcoder_without_a_file_cannot_be_stacked() -> None:
    with pytest.raises(ConversionError, match="it is yet to be trained"):
        stack(Segment(SegmentKey("M", A, B)))


def test_a_graph_that_the_specs_do_not_serve_is_refused() -> None:
    with pytest.raises(InvalidModelError, match=r"no tensor of \{A\} serves its input"):
        stack(segment(A, B, FIRST, target_hidden="target.hidden"))
    with pytest.raises(InvalidModelError, match=r"no output gives 'logits' of \{C\}"):
        stack(ONE, segment(B, C, SECOND, source_hidden="h", target_hidden="l"))
