"""Values along whole paths."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.sessions.session_worlds import (
    CODES,
    EMBEDDER,
    LOGARITHM,
    SUMMER,
    TABLE,
    model,
    oracle,
    path,
    runner,
    segment,
)
from transcoder.errors import ConversionError, NonFiniteError, OracleError, UnknownNameError
from transcoder.vocabulary import EdgePath, Modality, Tensors, Value

TO_VECTOR = path(CODES, EMBEDDER, SUMMER)


def vector(value: Value | Tensors) -> list[float]:
    assert isinstance(value, dict)
    return [float(each) for each in value["vector"]]


def expected(text: str) -> list[float]:
    return [float(each) for each in TABLE[[ord(c) for c in text]].sum(axis=0)]


@settings(max_examples=25)
@given(st.lists(st.text("abc", min_size=1, max_size=6), max_size=7), st.integers(1, 4))
def test_a_path_gives_each_value_its_own_result_whatever_stands_beside_it(
    texts: list[str], batch_size: int
) -> None:
    given_values = runner(batch_size=batch_size).run(TO_VECTOR, texts)
    assert [vector(value) for value in given_values] == [expected(text) for text in texts]


def test_rows_of_a_masked_end_are_as_long_as_their_own_value() -> None:
    rows = runner().run(path(CODES, EMBEDDER), ["abc", "a"])
    shapes = [row["hidden"].shape for row in rows if isinstance(row, dict)]
    assert shapes == [(3, 2), (1, 2)]


def test_what_a_network_leaves_in_padding_is_cleared() -> None:
    batch = runner().run_batch(path(CODES, EMBEDDER), ["abc", "a"])
    assert isinstance(batch, dict)
    assert TABLE[0].all()
    assert not batch["hidden"][1, 1:].any()


def test_oracles_see_rows_again_after_a_segment() -> None:
    back = oracle("Letters", source="tokens")
    assert runner().run(path(CODES, back), ["seven", "ab"]) == ["seven", "ab"]


def test_a_path_without_edges_gives_what_it_was_given() -> None:
    here = EdgePath(Modality.parse("text<en>"))
    assert runner().run(here, ["a", "b"]) == ["a", "b"]
    assert runner().run_batch(here, ["a", "b"]) == ["a", "b"]


def test_a_batch_over_many_runs_is_one_batch() -> None:
    whole = runner().run_batch(path(CODES, EMBEDDER), ["ab", "c", "def"])
    parts = runner(batch_size=1).run_batch(path(CODES, EMBEDDER), ["ab", "c", "def"])
    assert isinstance(whole, dict)
    assert isinstance(parts, dict)
    np.testing.assert_array_equal(whole["hidden"], parts["hidden"])


def test_no_values_give_an_empty_batch() -> None:
    assert runner().run(TO_VECTOR, []) == []
    batch = runner().run_batch(path(CODES), [])
    assert isinstance(batch, dict)
    assert batch["tokens"].shape == (0, 0)


def test_a_stream_is_taken_one_batch_at_a_time() -> None:
    taken: list[str] = []

    def stream() -> Iterator[str]:
        for text in ("a", "b", "c", "d"):
            taken.append(text)
            yield text

    results = runner(batch_size=2).run_many(TO_VECTOR, stream())
    assert vector(next(results)) == expected("a")
    assert taken == ["a", "b"]
    assert [vector(each) for each in results] == [expected(each) for each in "bcd"]


def test_a_value_of_another_kind_is_refused_with_its_index() -> None:
    with pytest.raises(ConversionError, match=r"Codes.*for value 3: .*'int'.*text is wanted"):
        runner(batch_size=2).run(TO_VECTOR, ["a", "b", "c", 4])


def test_a_refusal_of_an_oracle_counts_over_all_batches() -> None:
    with pytest.raises(OracleError, match="at value 2: the text is empty"):
        runner(batch_size=2).run(TO_VECTOR, ["a", "b", ""])


def test_nan_in_a_latent_is_refused_with_edge_tensor_and_row() -> None:
    to_log = path(CODES, EMBEDDER, SUMMER, LOGARITHM)
    with pytest.raises(NonFiniteError, match=r"\{Log\} gave NaN.*in 'vector' at row 3"):
        runner(batch_size=2).run(to_log, ["z", "z", "z", "A"])


def test_nan_in_given_tensors_is_refused() -> None:
    here = path(LOGARITHM)
    values = [{"vector": np.array([300, each], np.float32)} for each in (300.0, np.inf)]
    with pytest.raises(NonFiniteError, match=r"the input of .* in 'vector' at row 1"):
        runner().run(here, values)


def test_nan_in_a_later_batch_that_nothing_runs_is_named_by_its_own_row() -> None:
    nowhere = EdgePath(LOGARITHM.source)
    values = [{"vector": np.array([300, each], np.float32)} for each in (1.0, 1.0, np.nan)]
    with pytest.raises(NonFiniteError, match=r"the input of .* in 'vector' at row 2"):
        runner(batch_size=2).run_batch(nowhere, values)


def test_a_batch_that_nothing_runs_does_not_share_memory_with_its_value() -> None:
    value = {"vector": np.array([1, 2], np.float32)}
    batch = runner().run_batch(EdgePath(LOGARITHM.source), [value])
    assert isinstance(batch, dict)
    assert not np.shares_memory(batch["vector"], value["vector"])


def test_a_path_gives_the_same_once_its_sessions_were_dropped() -> None:
    taken = runner()
    before = taken.run(TO_VECTOR, ["abc"])
    taken.sessions.close()
    assert vector(taken.run(TO_VECTOR, ["abc"])[0]) == vector(before[0])


def test_errors_use_the_numbers_that_the_caller_gives() -> None:
    with pytest.raises(OracleError, match="at value 71"):
        runner().run_batch(TO_VECTOR, ["a", ""], numbers=[70, 71])


def test_a_segment_that_gives_another_number_of_rows_is_refused() -> None:
    content = model(
        [helper.make_node("ReduceSum", ["in", "axis"], ["out"], keepdims=1)],
        {"in": (TensorProto.FLOAT, ("batch", 2))},
        {"out": (TensorProto.FLOAT, (1, 2))},
        {"axis": np.array([0])},
    )
    names = {"source.vector": "in", "target.vector": "out"}
    whole = segment("{Vector}", "{Log}", content, names)
    taker = runner()
    taker.sessions.add(str(whole.digest), content)
    with pytest.raises(
        ConversionError, match=r"it gave \(1, 2\) for 2 rows of 'vector: float32"
    ):
        taker.run(path(CODES, EMBEDDER, SUMMER, whole), ["ab", "c"])


def test_a_modality_that_is_not_registered_is_named() -> None:
    lost = EdgePath(Modality.parse("text<xx>"))
    with pytest.raises(UnknownNameError, match="text<xx>"):
        runner().run(lost, ["a"])
