"""ONNX Runtime behind segments."""

from dataclasses import replace

import numpy as np
import pytest

from tests.sessions.session_worlds import (
    BLOBS,
    EMBED,
    EMBEDDER,
    LOG,
    LOGARITHM,
    SPECS,
    SUMMER,
    TABLE,
    segment,
)
from transcoder.errors import ConversionError, InvalidModelError, UnknownNameError
from transcoder.sessions import SessionPool
from transcoder.vocabulary import Array, Segment, Tensors

TOKENS = {"tokens": np.array([[1, 2], [3, 0]])}
HIDDEN = {"hidden": np.ones((1, 3, 2), np.float32), "mask": np.ones((1, 3), bool)}


def ran(pool: SessionPool, edge: Segment, batch: Tensors) -> dict[str, Array]:
    return pool.run(edge, batch, SPECS[str(edge.source)], SPECS[str(edge.target)])


def pool_that_counts(reads: list[str], byte_limit: int) -> SessionPool:
    def read(digest: str) -> bytes:
        reads.append(digest)
        return BLOBS[digest]

    return SessionPool(read, byte_limit=byte_limit, threads=1)


def test_a_segment_gives_the_tensors_of_its_target() -> None:
    given = ran(SessionPool(BLOBS.__getitem__, threads=1), EMBEDDER, TOKENS)
    np.testing.assert_array_equal(given["hidden"], TABLE[TOKENS["tokens"]])
    assert given["mask"].tolist() == [[True, True], [True, False]]


def test_equal_tensor_names_at_both_ends_are_told_apart_by_their_side() -> None:
    batch = {"vector": np.full((1, 2), 211, np.float32)}
    given = ran(SessionPool(BLOBS.__getitem__, threads=1), LOGARITHM, batch)
    np.testing.assert_array_equal(given["vector"], np.zeros((1, 2)))


def test_a_tensor_that_the_graph_does_not_take_is_left_out() -> None:
    given = ran(SessionPool(BLOBS.__getitem__, threads=1), SUMMER, HIDDEN)
    assert given["vector"].tolist() == [[3.0, 3.0]]


def test_another_dtype_is_refused_and_never_cast() -> None:
    pool = SessionPool(BLOBS.__getitem__, threads=1)
    with pytest.raises(ConversionError, match="'tokens' is int32 but the graph takes int64"):
        ran(pool, EMBEDDER, {"tokens": TOKENS["tokens"].astype(np.int32)})


def test_a_missing_tensor_is_named() -> None:
    pool = SessionPool(BLOBS.__getitem__, threads=1)
    with pytest.raises(ConversionError, match=r"\[Tiny\].*no tensor 'tokens'"):
        ran(pool, EMBEDDER, {})


def test_a_shape_that_the_graph_refuses_is_told_with_tensor_and_model() -> None:
    pool = SessionPool(BLOBS.__getitem__, threads=1)
    with pytest.raises(
        ConversionError,
        match=r"\[Tiny\].*refused 'vector' \(1, 3\): .*Expected: 2.*correct that",
    ):
        ran(pool, LOGARITHM, {"vector": np.ones((1, 3), np.float32)})


def test_onnx_runtime_writes_nothing_of_what_it_refuses(
    capfd: pytest.CaptureFixture[str],
) -> None:
    pool = SessionPool(BLOBS.__getitem__, threads=1)
    with pytest.raises(
        ConversionError, match=r"refused 'tokens' \(1, 1\): .*out of data bounds"
    ):
        ran(pool, EMBEDDER, {"tokens": np.array([[10**6]])})
    assert capfd.readouterr() == ("", "")


def test_names_that_do_not_meet_the_graph_are_told() -> None:
    pool = SessionPool(BLOBS.__getitem__, threads=1)
    wanted = "which no tensor of tokens: int64.* with names, such as source.tokens=ids"
    with pytest.raises(ConversionError, match=f"takes 'ids', {wanted}"):
        ran(pool, replace(EMBEDDER, names={}), TOKENS)
    with pytest.raises(ConversionError, match=r"gives \['sum'\] .* such as target.vector=sum"):
        ran(pool, replace(SUMMER, names={}), HIDDEN)


def test_a_transcoder_without_a_file_says_that_it_is_untrained() -> None:
    pool = SessionPool(BLOBS.__getitem__, threads=1)
    with pytest.raises(ConversionError, match="no file yet; train it first"):
        ran(pool, replace(EMBEDDER, digest=None), TOKENS)


def test_bytes_that_are_no_model_are_refused_with_its_name() -> None:
    pool = SessionPool(lambda _digest: b"not a model", threads=1)
    with pytest.raises(InvalidModelError, match="'Tiny' cannot be used: ONNX Runtime does not"):
        ran(pool, EMBEDDER, TOKENS)


def test_a_file_that_no_registry_holds_can_be_brought_in() -> None:
    pool = SessionPool(lambda _digest: b"", threads=1)
    edge = segment("{Vector}", "{Log}", LOG, {"source.vector": "in", "target.vector": "out"})
    pool.add(str(edge.digest), LOG)
    assert ran(pool, edge, {"vector": np.full((1, 2), 211, np.float32)})["vector"].sum() == 0


def test_a_session_is_made_once() -> None:
    reads: list[str] = []
    pool = pool_that_counts(reads, byte_limit=2**20)
    for _ in range(3):
        ran(pool, EMBEDDER, TOKENS)
    assert len(reads) == 1


def test_the_longest_unused_session_goes_when_the_limit_is_reached() -> None:
    reads: list[str] = []
    pool = pool_that_counts(reads, byte_limit=len(EMBED) + len(LOG))
    vectors = {"vector": np.full((1, 2), 211, np.float32)}
    for edge, batch in (
        (LOGARITHM, vectors),
        (SUMMER, HIDDEN),
        (LOGARITHM, vectors),
        (EMBEDDER, TOKENS),
        (LOGARITHM, vectors),
        (SUMMER, HIDDEN),
    ):
        ran(pool, edge, batch)
    assert reads == [LOGARITHM.digest, SUMMER.digest, EMBEDDER.digest, SUMMER.digest]


def test_an_execution_provider_that_is_not_there_is_told_with_the_nearest() -> None:
    pool = SessionPool(BLOBS.__getitem__, providers=("CPUExecutionProvidr",))
    with pytest.raises(UnknownNameError, match=r"no execution provider.*'CPUExecution"):
        ran(pool, EMBEDDER, TOKENS)
