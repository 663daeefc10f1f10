"""Text to numbered pieces of words, by the tokenizer file of a published network."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from transcoder.errors import MissingExtraError, OracleError
from transcoder.vocabulary import Tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@final
class SubwordTokenizer:
    """Number the pieces of a text as a `tokenizer.json` of the Hugging Face Hub says.

    Args:
        file: Where the `tokenizer.json` stands.
        sha256: Of its bytes; part of the oracle's identity, so that another file is another
            oracle.
        max_length: The most pieces of a text; what is longer is cut off.
    """

    def __init__(self, *, file: str, sha256: str, max_length: int = 512) -> None:
        self._file = Path(file)
        self._sha256 = sha256
        self._max_length = max_length
        self._tokenizer: Tokenizer | None = None

    def __call__(self, values: Sequence[str]) -> list[Tensors]:
        """Give each text's "input_ids" and "attention_mask", int64 (time,)."""
        found = self._loaded().encode_batch(list(values))
        return [
            {
                "input_ids": np.array(each.ids, dtype=np.int64),
                "attention_mask": np.ones(len(each.ids), dtype=np.int64),
            }
            for each in found
        ]

    def _loaded(self) -> "Tokenizer":
        if self._tokenizer is None:
            self._tokenizer = self._load()
        return self._tokenizer

    def _load(self) -> "Tokenizer":
        name = type(self).__name__
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError(name, "tokenizers", "subwords") from error
        try:
            content = self._file.read_bytes()
        except OSError as error:
            reason = f"its file {str(self._file)!r} cannot be read: {error.strerror}"
            raise OracleError(name, None, reason) from error
        if sha256(content).hexdigest() != self._sha256:
            reason = f"its file {str(self._file)!r} is not the one whose digest was registered"
            raise OracleError(name, None, reason)
        tokenizer: Tokenizer = Tokenizer.from_buffer(content)
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._max_length)
        return tokenizer
