"""Text to numbered characters, and scores of characters to text."""

from collections.abc import Sequence
from typing import final

import numpy as np

from transcoder.errors import OracleError
from transcoder.vocabulary import Tensors


@final
class CharacterTokenizer:
    """Number the characters of a text, after bringing its spelling to one form.

    Args:
        alphabet: The characters that have a number, from 1 in this order; 0 is padding.
        spaced: Characters that count as a space, such as the hyphen.
        dropped: Characters that vanish, such as the comma.
        dropped_words: Whole words that vanish, such as "and".
        lowercase: Whether capital letters become small ones first.

    >>> CharacterTokenizer(alphabet=" enowty", spaced="-")(["Twenty-one"])[0]["tokens"]
    array([6, 5, 2, 3, 6, 7, 1, 4, 3, 2])
    """

    def __init__(
        self,
        *,
        alphabet: str,
        spaced: str = "",
        dropped: str = "",
        dropped_words: Sequence[str] = (),
        lowercase: bool = True,
    ) -> None:
        self.alphabet = alphabet
        self.lowercase = lowercase
        self._dropped_words = frozenset(dropped_words)
        self._replacements = str.maketrans(dict.fromkeys(spaced, " ") | dict.fromkeys(dropped))
        self._numbers = {symbol: number for number, symbol in enumerate(alphabet, start=1)}

    def __call__(self, values: Sequence[str]) -> list[Tensors]:
        """Give each text's "tokens", int64 (time,)."""
        return [{"tokens": self._tokens(text, row)} for row, text in enumerate(values)]

    def normalized(self, text: str) -> str:
        """Bring one text to the form whose characters are numbered."""
        text = text.lower() if self.lowercase else text
        words = text.translate(self._replacements).split()
        return " ".join(word for word in words if word not in self._dropped_words)

    def _tokens(self, text: str, row: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        normal = self.normalized(text)
        if not normal:
            raise OracleError(type(self).__name__, row, f"nothing is left of the text {text!r}")
        for symbol in normal:
            if symbol not in self._numbers:
                reason = f"{symbol!r} in {text!r} is not in the alphabet {self.alphabet!r}"
                raise OracleError(type(self).__name__, row, reason)
        return np.array([self._numbers[symbol] for symbol in normal], dtype=np.int64)


@final
class GreedyDecoder:
    """Read text off scores by taking the best symbol at every position.

    Args:
        alphabet: The characters of symbols 1 and up; symbol 0 ends the text.

    >>> scores = np.eye(3, dtype=np.float32)[[2, 1, 0, 1]]
    >>> GreedyDecoder(alphabet="no")([{"logits": scores}])
    ['on']
    """

    def __init__(self, *, alphabet: str) -> None:
        self.alphabet = alphabet

    def __call__(self, values: Sequence[Tensors]) -> list[str]:
        """Give the text of each row's "logits", float32 (position, symbol)."""
        return [self._text(tensors, row) for row, tensors in enumerate(values)]

    def _text(self, tensors: Tensors, row: int) -> str:
        logits = tensors["logits"]
        wanted = len(self.alphabet) + 1
        if logits.shape[1:] != (wanted,):
            reason = f"logits have the shape {logits.shape} but (position, {wanted}) is wanted"
            raise OracleError(type(self).__name__, row, reason)
        best = [int(symbol) for symbol in logits.argmax(axis=1)]
        length = best.index(0) if 0 in best else len(best)
        return "".join(self.alphabet[symbol - 1] for symbol in best[:length])
