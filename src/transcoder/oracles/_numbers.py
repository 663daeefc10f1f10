"""Numbers to words."""

from collections.abc import Sequence
from typing import final

from transcoder.errors import MissingExtraError, OracleError


@final
class NumberWords:
    """Write whole numbers as words, as num2words spells them.

    Args:
        language: num2words' code of the language, such as "en" or "de".

    >>> NumberWords(language="de")([7, "21"])
    ['sieben', 'einundzwanzig']
    """

    def __init__(self, *, language: str) -> None:
        self.language = language

    def __call__(self, values: Sequence[int | str]) -> list[str]:
        """Give the words of each number, an int or a string of digits."""
        try:
            from num2words import num2words
        except ImportError as error:
            raise MissingExtraError("NumberWords", "num2words", "numbers") from error
        try:
            return [
                str(num2words(self._number(value, row), lang=self.language))
                for row, value in enumerate(values)
            ]
        except NotImplementedError as error:
            reason = f"num2words does not know the language {self.language!r}"
            raise OracleError(type(self).__name__, None, reason) from error

    def _number(self, value: int | str, row: int) -> int:
        try:
            return int(value)
        except ValueError as error:
            reason = f"{value!r} is not a whole number"
            raise OracleError(type(self).__name__, row, reason) from error
