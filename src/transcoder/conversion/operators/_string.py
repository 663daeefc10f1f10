"""Text, held as numpy arrays of Python strings; it has no gradient.

Each operator's page is https://onnx.ai/onnx/operators/onnx__NAME.html.
"""

# ruff: noqa: PLR0913  # a kernel has the inputs and attributes that ONNX gives it

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcoder.conversion.operators._handler import Handler, handlers

_Text = NDArray[np.object_]
_MATRIX = 2


def concat(left: _Text, right: _Text) -> _Text:
    """Join strings pairwise: https://onnx.ai/onnx/operators/onnx__StringConcat.html."""
    return np.asarray(np.add(left, right), dtype=object)


def split(
    device: torch.device, value: _Text, *, delimiter: str = "", maxsplit: int | None = None
) -> tuple[_Text, Tensor]:
    """Cut strings: https://onnx.ai/onnx/operators/onnx__StringSplit.html."""
    most = -1 if maxsplit is None else maxsplit
    rows = [str(each).split(delimiter or None, most) for each in value.reshape(-1)]
    longest = max((len(row) for row in rows), default=0)
    parts = np.full((len(rows), longest), "", dtype=object)
    for at, row in enumerate(rows):
        parts[at, : len(row)] = row
    counts = torch.tensor([len(row) for row in rows], dtype=torch.int64, device=device)
    return parts.reshape(*value.shape, longest), counts.reshape(value.shape)


def match(device: torch.device, value: _Text, *, pattern: str) -> Tensor:
    """Compare with a pattern: https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html."""
    compiled = re.compile(pattern)
    found = [compiled.fullmatch(str(each)) is not None for each in value.reshape(-1)]
    return torch.tensor(found, dtype=torch.bool, device=device).reshape(value.shape)


def _plain(text: str) -> str:
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text)
    return "".join(each for each in parts if not unicodedata.combining(each))


_CASES: Mapping[str, Callable[[str], str]] = {
    "LOWER": str.lower,
    "NONE": str,
    "UPPER": str.upper,
}


def normalize(
    value: _Text, *, case_change_action: str = "NONE", is_case_sensitive: int = 0,
    locale: str | None = None, stopwords: tuple[str, ...] = (),
) -> _Text:  # fmt: skip
    """Change case and drop words: https://onnx.ai/onnx/operators/onnx__StringNormalizer.html."""
    del locale
    change = _CASES[case_change_action]
    stops = set(stopwords) if is_case_sensitive else {change(each) for each in stopwords}
    rows = value if value.ndim == _MATRIX else value.reshape(1, -1)
    done = []
    for row in rows:
        words = [_plain(str(each)) for each in row]
        changed = [change(each) for each in words]
        compared = words if is_case_sensitive else changed
        kept = [
            " ".join(part for part in text.split(" ") if change(part) not in stops)
            if not is_case_sensitive
            else change(" ".join(part for part in text.split(" ") if part not in stops))
            for text in compared
        ]
        done.append(kept if len(rows) > 1 else [each for each in kept if each] or [""])
    result = np.array(done, dtype=object)
    return result if value.ndim == _MATRIX else result.reshape(-1)


def equal(device: torch.device, left: _Text, right: _Text) -> Tensor:
    """Compare strings: https://onnx.ai/onnx/operators/onnx__Equal.html."""
    return torch.from_numpy(np.array(np.equal(left, right), dtype=bool)).to(device)


def constant_text(
    *, value_strings: tuple[str, ...] | None = None, value_string: str | None = None,
    shape: tuple[int, ...] | None = None,
) -> _Text:  # fmt: skip
    """Give strings: https://onnx.ai/onnx/operators/onnx__Constant.html."""
    if value_strings is None:
        return np.array(value_string, dtype=object)
    array = np.array(value_strings, dtype=object)
    return array if shape is None else array.reshape(shape)


def _grams(
    pool: Sequence[object], starts: tuple[int, ...], sizes: tuple[int, int]
) -> dict[tuple[object, ...], int]:
    """Number the n-grams of a pool in their order, those of the wanted sizes."""
    found: dict[tuple[object, ...], int] = {}
    number = 0
    for size, (first, last) in enumerate(pairwise((*starts, len(pool))), 1):
        for at in range(first, last - size + 1, size):
            if sizes[0] <= size <= sizes[1]:
                found[tuple(pool[at : at + size])] = number
            number += 1
    return found


def _counted(
    row: Sequence[object], grams: Mapping[tuple[object, ...], int], sizes: tuple[int, int],
    skips: int, places: tuple[int, ...],
) -> list[float]:  # fmt: skip
    counts = [0.0] * (max(places) + 1)
    for size in range(sizes[0], sizes[1] + 1):
        for step in range(1, 2 if size == 1 else skips + 2):
            for start in range(len(row) - step * (size - 1)):
                gram = tuple(row[start : start + step * (size - 1) + 1 : step])
                if gram in grams:
                    counts[places[grams[gram]]] += 1
    return counts


def count_grams(
    device: torch.device, value: Tensor | _Text, *, max_gram_length: int, max_skip_count: int,
    min_gram_length: int, mode: str, ngram_counts: tuple[int, ...],
    ngram_indexes: tuple[int, ...], pool_int64s: tuple[int, ...] | None = None,
    pool_strings: tuple[str, ...] | None = None, weights: tuple[float, ...] | None = None,
) -> Tensor:  # fmt: skip
    """Count n-grams: https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html."""
    sizes = (min_gram_length, max_gram_length)
    grams = _grams(pool_int64s or pool_strings or (), ngram_counts, sizes)
    rows = value.tolist() if value.ndim == _MATRIX else [value.reshape(-1).tolist()]
    counts = [_counted(row, grams, sizes, max_skip_count, ngram_indexes) for row in rows]
    result = torch.tensor(counts, dtype=torch.float32, device=device)
    if mode != "TF":
        factor = torch.tensor(weights or (1.0,), dtype=torch.float32, device=device)
        result = (result if mode == "TFIDF" else (result > 0).float()) * factor
    return result if value.ndim == _MATRIX else result.reshape(-1)


def _say_weights(keywords: Mapping[str, object], numbers: Sequence[object]) -> str | None:
    del numbers
    indexes, weights = keywords["ngram_indexes"], keywords.get("weights")
    assert isinstance(indexes, tuple)  # noqa: S101  # an attribute of integers
    if weights is not None and indexes != tuple(range(len(indexes))):
        return "its weights go with the pool or with the outputs, implementations disagree"
    return None


HANDLERS: Mapping[str, Handler] = handlers(
    {"RegexFullMatch": match, "StringConcat": concat, "StringNormalizer": normalize}
) | {
    "TextConstant": Handler(constant_text, domain="transcoder"),
    "TextEqual": Handler(equal, domain="transcoder"),
    "StringSplit": Handler(split, many=True),
    "TfIdfVectorizer": Handler(count_grams, check=_say_weights),
}
