import numpy as np
import pytest

from transcoder.errors import OracleError
from transcoder.oracles import CharacterTokenizer


@pytest.fixture
def tokenizer() -> CharacterTokenizer:
    return CharacterTokenizer(
        alphabet=" adefghilnorstuvwxyz", spaced="-", dropped=",", dropped_words=["and"]
    )


def test_numbers_start_at_one_in_the_order_of_the_alphabet() -> None:
    (row,) = CharacterTokenizer(alphabet="abc")(["cab"])
    np.testing.assert_array_equal(row["tokens"], [3, 1, 2])
    assert row["tokens"].dtype == np.int64


@pytest.mark.parametrize(
    "text",
    ["one thousand, two hundred and thirty-four", "  One THOUSAND two\thundred thirty four "],
)
def test_spellings_of_one_number_become_one_text(
    tokenizer: CharacterTokenizer, text: str
) -> None:
    assert tokenizer.normalized(text) == "one thousand two hundred thirty four"


def test_a_dropped_word_inside_another_stays(tokenizer: CharacterTokenizer) -> None:
    assert tokenizer.normalized("thousand and sand") == "thousand sand"


def test_capitals_can_stay() -> None:
    (row,) = CharacterTokenizer(alphabet="aA", lowercase=False)(["Aa"])
    np.testing.assert_array_equal(row["tokens"], [2, 1])


def test_a_foreign_character_is_named_with_its_row(tokenizer: CharacterTokenizer) -> None:
    with pytest.raises(OracleError, match=r"at value 1: 'ü' in 'fünf' is not in the alphabet"):
        tokenizer(["one", "fünf"])


def test_a_text_of_which_nothing_is_left_is_refused(tokenizer: CharacterTokenizer) -> None:
    with pytest.raises(OracleError, match="at value 0: nothing is left of the text ', and'"):
        tokenizer([", and"])


def test_no_values_give_no_values(tokenizer: CharacterTokenizer) -> None:
    assert tokenizer([]) == []
