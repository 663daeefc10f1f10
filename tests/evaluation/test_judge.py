from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.judge_world import TURN, JudgeWorld, words
from transcoder.errors import DataError, WeakNativeError
from transcoder.evaluation import Judgement, StratumScore, judge, prepare_exam
from transcoder.vocabulary import EdgePath, Segment, Split

ONLY_B = TURN @ np.diag([0.0, 0.1, 1.0]).astype(np.float32) + np.float32(0.2) * np.array(
    [[0, 0, 1]], dtype=np.float32
)
"""A transcoder that makes every letter a b."""


def alone(segment: Segment) -> EdgePath:
    return EdgePath(segment.source, (segment,))


def _judged(weight: np.ndarray[tuple[int, ...], np.dtype[np.float32]], rows: int) -> Judgement:
    world = JudgeWorld()
    exam = prepare_exam(words(rows), world.runner, chain=world.chain)
    return judge("net", alone(world.transcoder(weight)), exam=exam, runner=world.runner)


def _values(judged: Judgement) -> dict[str, float]:
    return {score.name: score.value for score in judged.scores}


def test_the_right_transcoder_has_full_marks() -> None:
    values = _values(_judged(TURN, 20))
    ones = ("r2", "cosine", "exact_match", "native", "retention")
    assert all(values[f"test/{name}"] == pytest.approx(1) for name in ones)


def test_neighbourhoods_are_measured_on_test_rows_alone() -> None:
    values = _values(_judged(TURN, 20))
    measured = {"csls_recall_at_1", "csls_mrr", "mutual_knn", "cka"}
    assert {f"test/{name}" for name in measured} <= set(values)
    assert values["test/cka"] == pytest.approx(1)
    assert values["test/mutual_knn"] == 1
    world = JudgeWorld()
    exam = prepare_exam(words(20, Split.VALIDATION), world.runner)
    judged = judge("net", alone(world.transcoder(TURN)), exam=exam, runner=world.runner)
    assert not any(name.partition("csls")[1] for name in _values(judged))


def test_a_transcoder_that_knows_one_letter_keeps_half() -> None:
    judged = _judged(ONLY_B, 20)
    values = _values(judged)
    assert values["test/retention"] == values["test/exact_match"] == 0.5
    assert judged.per_row.tolist() == [0.0, 1.0] * 10


def test_strata_are_shown_one_by_one_in_order() -> None:
    judged = _judged(ONLY_B, 21)
    assert judged.strata == (StratumScore("10", 11, 0, 1), StratumScore("11", 10, 1, 1))


def test_retention_is_relative_to_the_native_chain() -> None:
    world = JudgeWorld(decoder=np.diag([1.0, 0.0, 1.0]).astype(np.float32))
    exam = prepare_exam(words(20), world.runner, chain=world.chain)
    judged = judge("net", alone(world.transcoder(TURN)), exam=exam, runner=world.runner)
    values = _values(judged)
    assert values["test/native"] == values["test/exact_match"] == 0.5
    assert values["test/retention"] == 1


def test_retention_is_refused_where_the_native_chain_fails() -> None:
    world = JudgeWorld(decoder=np.zeros((3, 3), dtype=np.float32))
    with pytest.raises(
        WeakNativeError, match=r"itself scores 0\.000, below the floor of 0\.050"
    ):
        prepare_exam(words(20), world.runner, chain=world.chain)


def test_the_floor_can_be_stated() -> None:
    world = JudgeWorld(decoder=np.diag([1.0, 0.0, 1.0]).astype(np.float32))
    with pytest.raises(WeakNativeError, match=r"0\.500, below the floor of 0\.600"):
        prepare_exam(words(20), world.runner, chain=world.chain, floor=0.6)


def test_one_row_is_judged_without_intervals() -> None:
    judged = _judged(TURN, 1)
    assert _values(judged)["test/retention"] == 1
    assert all(score.interval is None for score in judged.scores)


def test_without_a_chain_the_latent_decides_row_by_row() -> None:
    world = JudgeWorld()
    exam = prepare_exam(words(6, Split.VALIDATION), world.runner)
    judged = judge("net", alone(world.transcoder(TURN)), exam=exam, runner=world.runner)
    assert judged.per_row == pytest.approx(np.ones(6))
    assert "validation/retention" not in _values(judged)
    assert judged.strata == ()


def test_the_same_exam_gives_the_same_judgement() -> None:
    assert _judged(ONLY_B, 20).scores == _judged(ONLY_B, 20).scores


def test_an_exam_without_anything_to_compare_is_refused() -> None:
    world = JudgeWorld()
    with pytest.raises(DataError, match="no judged chain and no wanted latent"):
        prepare_exam(replace(words(3), latents=None), world.runner)


def test_a_chain_is_judged_without_wanted_latents() -> None:
    world = JudgeWorld()
    exam = prepare_exam(replace(words(4), latents=None), world.runner, chain=world.chain)
    judged = judge("net", alone(world.transcoder(TURN)), exam=exam, runner=world.runner)
    names = [score.name for score in judged.scores]
    assert names == ["test/exact_match", "test/native", "test/retention"]
