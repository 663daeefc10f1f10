from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace

from transcoder.errors import OracleError
from transcoder.oracles import SubwordTokenizer


@pytest.fixture
def made(tmp_path: Path) -> tuple[str, str]:
    """A tokenizer file of five pieces, and its digest."""
    pieces = {"[UNK]": 0, "twen": 1, "##ty": 2, "one": 3, "-": 4}
    tokenizer = Tokenizer(WordPiece(pieces, unk_token="[UNK]"))  # noqa: S106  # no password
    tokenizer.pre_tokenizer = Whitespace()
    place = tmp_path / "tokenizer.json"
    tokenizer.save(str(place))
    return str(place), sha256(place.read_bytes()).hexdigest()


def test_text_becomes_the_numbers_of_its_pieces(made: tuple[str, str]) -> None:
    file, digest = made
    long, short = SubwordTokenizer(file=file, sha256=digest)(["twenty-one", "one"])
    np.testing.assert_array_equal(long["input_ids"], [1, 2, 4, 3])
    np.testing.assert_array_equal(short["input_ids"], [3])
    assert short["attention_mask"].tolist() == [1]
    assert {each.dtype for each in long.values()} == {np.dtype(np.int64)}


def test_what_is_too_long_is_cut_off(made: tuple[str, str]) -> None:
    file, digest = made
    (cut,) = SubwordTokenizer(file=file, sha256=digest, max_length=2)(["one one one"])
    assert cut["input_ids"].tolist() == [3, 3]


def test_another_file_in_its_place_is_refused(made: tuple[str, str]) -> None:
    file, _ = made
    with pytest.raises(OracleError, match="is not the one whose digest was registered"):
        SubwordTokenizer(file=file, sha256="0" * 64)(["one"])


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(OracleError, match=r"lost.json' cannot be read: No such file"):
        SubwordTokenizer(file=str(tmp_path / "lost.json"), sha256="0" * 64)(["one"])
