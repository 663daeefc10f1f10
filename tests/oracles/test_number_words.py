import sys

import pytest

from transcoder.errors import MissingExtraError, OracleError
from transcoder.oracles import NumberWords


def test_numbers_and_strings_of_digits_give_the_same_words() -> None:
    assert NumberWords(language="de")([21, "21"]) == ["einundzwanzig", "einundzwanzig"]


def test_english_is_spelt_as_num2words_spells_it() -> None:
    assert NumberWords(language="en")([1234]) == ["one thousand, two hundred and thirty-four"]


def test_what_is_no_number_is_named_with_its_row() -> None:
    with pytest.raises(OracleError, match="at value 1: 'x' is not a whole number"):
        NumberWords(language="en")([1, "x"])


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(OracleError, match="num2words does not know the language 'tlh'"):
        NumberWords(language="tlh")([1])


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "num2words", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'transcoder\[numbers\]'"):
        NumberWords(language="en")([1])
