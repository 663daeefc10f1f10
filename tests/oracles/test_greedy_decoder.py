import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.errors import OracleError
from transcoder.oracles import CharacterTokenizer, GreedyDecoder

_ALPHABET = "abcß"


@given(st.text(alphabet=_ALPHABET, min_size=1, max_size=12))
def test_what_the_tokenizer_numbers_the_decoder_reads(text: str) -> None:
    (row,) = CharacterTokenizer(alphabet=_ALPHABET)([text])
    logits = np.eye(5, dtype=np.float32)[np.pad(row["tokens"].astype(np.int64), (0, 3))]
    assert GreedyDecoder(alphabet=_ALPHABET)([{"logits": logits}]) == [text]


def test_what_follows_the_end_is_not_read() -> None:
    logits = np.eye(5, dtype=np.float32)[[1, 0, 2]]
    assert GreedyDecoder(alphabet=_ALPHABET)([{"logits": logits}]) == ["a"]


def test_a_text_may_fill_every_position() -> None:
    logits = np.eye(5, dtype=np.float32)[[1, 2]]
    assert GreedyDecoder(alphabet=_ALPHABET)([{"logits": logits}]) == ["ab"]


def test_scores_of_another_alphabet_are_refused() -> None:
    with pytest.raises(OracleError, match=r"the shape \(2, 7\) but \(position, 5\) is wanted"):
        GreedyDecoder(alphabet=_ALPHABET)([{"logits": np.zeros((2, 7), np.float32)}])
