"""Oracles in processes of their own: order, failures, and workers that die."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from tests.sessions import tiny_oracles
from tests.sessions.session_worlds import CODES, oracle
from transcoder.errors import OracleError, OracleNotAllowedError
from transcoder.sessions import OraclePool


@pytest.fixture
def pool() -> Iterator[OraclePool]:
    """Two processes for each oracle."""
    made = OraclePool([tiny_oracles.__name__], processes=2)
    yield made
    made.close()


def test_answers_of_several_processes_come_in_order(pool: OraclePool) -> None:
    texts = [f"text {number}" for number in range(50)]
    mortal = oracle("Mortal")
    for some in (texts, texts[:1], []):
        assert pool.run(mortal, some) == [f"{text}!" for text in some]


def test_a_value_that_fails_is_named_by_its_place_in_the_whole_list(pool: OraclePool) -> None:
    with pytest.raises(OracleError, match="at value 37: the text is empty"):
        pool.run(CODES, ["a"] * 37 + [""] + ["a"] * 12)
    with pytest.raises(OracleError, match="at value 9: ZeroDivisionError: division by zero"):
        pool.run(oracle("Inverses"), ["a"] * 9 + ["abc"] + ["a"] * 30)
    with pytest.raises(OracleError, match="it gave a 'list' of 2, not a list of 4"):
        pool.run(oracle("Halves"), ["a"] * 32)
    with pytest.raises(OracleError, match="it gave a 'generator', not a list of 1"):
        pool.run(oracle("Lazy"), ["a"])


def test_a_worker_that_dies_once_is_named_and_its_values_are_tried_again(
    pool: OraclePool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "once").touch()
    mortal = replace(oracle("Mortal"), parameters={"once": str(tmp_path / "once")})
    texts = ["a"] * 20 + ["die"] + ["b"] * 19
    with caplog.at_level(logging.WARNING):
        assert pool.run(mortal, texts) == [f"{text}!" for text in texts]
    assert "ended by signal SIGKILL at values 20 to 24; trying once more" in caplog.text
    assert pool.run(mortal, ["after"]) == ["after!"]


def test_ctrl_c_is_left_to_the_process_that_asks(pool: OraclePool) -> None:
    assert pool.run(oracle("Interrupted"), ["a", "b"]) == ["a", "b"]


def test_a_pool_is_closed_while_its_oracle_works() -> None:
    ended: list[str] = []

    def ask(pool: OraclePool) -> None:
        with pytest.raises(OracleError) as caught:
            pool.run(oracle("Sleeps", seconds=30), ["slow"] * 4)
        ended.append(str(caught.value))

    for _ in range(2):
        pool = OraclePool([tiny_oracles.__name__], processes=2)
        thread = Thread(target=ask, args=(pool,))
        thread.start()
        thread.join(0.6)
        pool.close()
        thread.join(9)
    assert ["ended by signal SIGKILL" in each for each in ended] == [True, True]


def test_values_that_kill_two_workers_end_in_one_sentence(pool: OraclePool) -> None:
    told = (
        r"failed at value 5: the worker process \d+ ended by signal SIGKILL and the worker "
        r"process \d+ ended by signal SIGKILL at values 5 to 9; see whether memory is short"
    )
    with pytest.raises(OracleError, match=told):
        pool.run(oracle("Mortal"), ["a"] * 7 + ["die"] + ["a"] * 32)
    assert pool.run(oracle("Mortal"), ["a"]) == ["a!"]


def test_an_oracle_that_cannot_be_made_says_why(pool: OraclePool) -> None:
    broken = replace(CODES, parameters={"nothing": 1})
    with pytest.raises(OracleError, match=r"'.*:Codes' cannot be made: TypeError"):
        pool.run(broken, ["a"])


def test_code_outside_the_allow_list_gets_no_process(pool: OraclePool) -> None:
    with pytest.raises(OracleNotAllowedError):
        pool.run(replace(CODES, entry_point="antigravity:Codes"), ["a"])
