"""Oracles behind their allow-list, and what they may answer."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.sessions import tiny_oracles
from tests.sessions.session_worlds import CODES, catalog, oracle
from transcoder.errors import OracleError, OracleNotAllowedError
from transcoder.sessions import OraclePool, find_not_finite, value_check
from transcoder.vocabulary import Modality, Oracle, Value, Waveform

ALLOW = [tiny_oracles.__name__]


def test_an_oracle_answers_in_order() -> None:
    answers = OraclePool(ALLOW).run(CODES, ["ab", "c"])
    assert [answer["tokens"].tolist() for answer in answers if isinstance(answer, dict)] == [
        [97, 98],
        [99],
    ]


def test_code_outside_the_allow_list_is_never_imported() -> None:
    strange = replace(CODES, entry_point="antigravity:Codes")
    with pytest.raises(OracleNotAllowedError, match=r"'antigravity' to registry\.allow"):
        OraclePool().run(strange, ["a"])


def test_a_name_that_only_begins_like_an_allowed_one_is_refused() -> None:
    strange = replace(CODES, entry_point="transcoder.oracles_of_others:Codes")
    with pytest.raises(OracleNotAllowedError, match="may not run"):
        OraclePool().run(strange, ["a"])


@pytest.mark.parametrize("processes", [0, 1])
def test_what_an_allowed_module_has_only_imported_does_not_run(
    tmp_path: Path, processes: int
) -> None:
    trace = tmp_path / "trace"
    borrowed = replace(
        CODES,
        entry_point="transcoder.oracles._espeak_pipe:Popen",
        parameters={"args": ["touch", str(trace)]},
    )
    pool = OraclePool(processes=processes)
    with pytest.raises(OracleNotAllowedError, match=r"'subprocess:Popen' may not run: its mod"):
        pool.run(borrowed, ["a"])
    assert not trace.exists()


def test_modules_inside_an_allowed_package_may_run() -> None:
    inside = replace(
        CODES,
        entry_point="transcoder.oracles._characters:CharacterTokenizer",
        parameters={"alphabet": "ab"},
    )
    assert len(OraclePool().run(inside, ["ab"])) == 1


def test_an_oracle_is_made_once_for_each_identity() -> None:
    tiny_oracles.MADE.clear()
    pool = OraclePool(ALLOW)
    for each in (CODES, CODES, oracle("Codes", target="tokens", shift=1)):
        pool.run(each, ["a"])
    assert len(tiny_oracles.MADE) == 2


def test_closing_lets_oracles_close() -> None:
    tiny_oracles.CLOSED.clear()
    pool = OraclePool(ALLOW)
    pool.run(CODES, ["a"])
    pool.close()
    assert tiny_oracles.CLOSED == ["Codes"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(CODES, entry_point=f"{ALLOW[0]}:Nothing"), "AttributeError: .*'Nothing'"),
        (replace(CODES, entry_point=ALLOW[0]), "AttributeError: "),
        (replace(CODES, parameters={"color": 1}), "TypeError: .*'color'"),
    ],
)
def test_an_oracle_that_cannot_be_made_says_why(wrong: Oracle, told: str) -> None:
    with pytest.raises(OracleError, match=f"'Codes' failed: .* cannot be made: {told}"):
        OraclePool(ALLOW).run(wrong, ["a"])


def test_a_wrong_number_of_answers_is_refused() -> None:
    with pytest.raises(OracleError, match="gave a 'list' of 2, not a list of 4"):
        OraclePool(ALLOW).run(oracle("Halves"), ["a"] * 4)


def test_something_else_than_a_list_is_refused() -> None:
    with pytest.raises(OracleError, match="gave a 'generator', not a list of 1"):
        OraclePool(ALLOW).run(oracle("Lazy"), ["a"])


def test_an_answer_of_the_wrong_kind_is_refused_with_its_index() -> None:
    text = value_check(catalog(), Modality.parse("text<en>"))
    with pytest.raises(
        OracleError, match="at value 0: a value of type 'int' was found but text"
    ):
        OraclePool(ALLOW).run(oracle("Lengths"), ["a"], check=text)


def test_an_answer_that_breaks_the_spec_is_refused() -> None:
    tokens = value_check(catalog(), Modality.parse("tokens"))
    told = r"'tokens' is float32 \(2,\) but int64 \(time\) is wanted"
    with pytest.raises(OracleError, match=told):
        OraclePool(ALLOW).run(oracle("FlatCodes"), ["ab"], check=tokens)


def test_a_failure_inside_names_the_value_that_fails_alone() -> None:
    with pytest.raises(OracleError, match="at value 2: ZeroDivisionError: division by zero"):
        OraclePool(ALLOW).run(oracle("Inverses"), ["a", "ab", "abc", "abcd"])


def test_a_refusal_by_the_oracle_keeps_its_index_and_carries_its_registered_name() -> None:
    with pytest.raises(OracleError, match="'Named' failed at value 1: the text is empty"):
        OraclePool(ALLOW).run(replace(CODES, name="Named"), ["a", ""])


@pytest.mark.parametrize(
    ("modality", "right", "wrong"),
    [
        ("text<en>", "seven", 7),
        ("label", 7, True),
        ("label", 7, "7"),
        ("speech<en>", Waveform(np.zeros(3, np.float32), 8000), np.zeros(3, np.float32)),
        (
            "speech<en>",
            Waveform(np.zeros(0, np.float32), 8000),
            Waveform(np.zeros((2, 3), np.float32), 8000),
        ),
        ("picture", np.zeros((2, 2)), [[0, 0]]),
        ("tokens", {"tokens": np.array([1])}, {"ids": np.array([1])}),
        ("tokens", {"tokens": np.array([1])}, {"tokens": [1]}),
        ("tokens", {"tokens": np.array([1])}, {"tokens": np.array([[1]])}),
        (
            "{Hidden}",
            {"hidden": np.zeros((3, 2), np.float32), "mask": np.ones(3, bool)},
            {"hidden": np.zeros((3, 2), np.float32), "mask": np.ones(4, bool)},
        ),
    ],
)
def test_the_check_of_a_modality_tells_right_values_from_wrong_ones(
    modality: str, right: Value, wrong: Value
) -> None:
    check = value_check(catalog(), Modality.parse(modality))
    assert check(right) is None
    assert "wanted" in str(check(wrong))


def test_a_row_with_its_tensors_exchanged_is_no_repeat_of_the_right_one() -> None:
    check = value_check(catalog(), Modality.parse("{Hidden}"))
    hidden, mask = np.zeros((3, 2), np.float32), np.ones(3, bool)
    assert check({"hidden": hidden, "mask": mask}) is None
    assert "wanted" in str(check({"mask": hidden, "hidden": mask}))


def test_numbers_whose_squares_overflow_are_finite() -> None:
    batch = {"vector": np.full((2, 2), 3e38, np.float32)}
    assert find_not_finite(batch) is None
    batch["vector"][1, 0] = np.nan
    assert find_not_finite(batch) == ("vector", 1)


def test_an_oracle_that_hangs_is_given_up_and_named_and_the_next_call_is_answered() -> None:
    pool, sleeper = (
        OraclePool([tiny_oracles.__name__], limit_s=0.2),
        oracle("Sleeps", seconds=30),
    )
    with pytest.raises(
        OracleError, match=r"'Sleeps' failed: it gave no answer to 2 values within 0\.2 s"
    ):
        pool.run(sleeper, ["quick", "slow"])
    assert pool.run(sleeper, ["quick"]) == ["quick"]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_asks_oracles_too() -> None:
    pool = OraclePool(ALLOW, limit_s=2)
    pool.run(CODES, ["a"])
    child = os.fork()
    if child == 0:
        with suppress(OracleError):
            os._exit(len(pool.run(CODES, ["a", "b"])))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
