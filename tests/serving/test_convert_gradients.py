"""Gradients back along the last differentiable stretch of a path."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.sessions import tiny_oracles
from tests.sessions.session_worlds import (
    BLOBS,
    CODES,
    EMBEDDER,
    LOGARITHM,
    SUMMER,
    TABLE,
    catalog,
    oracle,
    path,
)
from transcoder.errors import ConversionError, NoGradientError
from transcoder.serving import Converter
from transcoder.stack import build_stack
from transcoder.vocabulary import EdgePath, Gradients

TO_LOG = path(CODES, EMBEDDER, SUMMER, LOGARITHM)
SUM_AND_LOG = EdgePath(SUMMER.source, (SUMMER, LOGARITHM))


def converter() -> Converter:
    return Converter(catalog(), BLOBS.__getitem__, allow=[tiny_oracles.__name__])


def hidden(text: str) -> dict[str, NDArray[np.generic]]:
    rows = TABLE[[ord(each) for each in text]]
    return {"hidden": rows, "mask": np.ones(len(text), np.bool_)}


def native(text: str, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Differentiate the same stack by torch's own means."""
    stack = build_stack(SUM_AND_LOG, BLOBS.__getitem__, catalog())
    given = torch.from_numpy(hidden(text)["hidden"])[None].requires_grad_()
    mask = torch.ones(1, len(text), dtype=torch.bool)
    end = stack({"hidden": given, "mask": mask})["vector"]
    (end * torch.from_numpy(weights)).sum().backward()
    assert given.grad is not None
    found: NDArray[np.float32] = given.grad[0].numpy()
    return found


def of_hidden(found: Gradients) -> NDArray[np.float32]:
    return np.asarray(found.gradients["hidden"], np.float32)


def test_gradients_cross_the_segments_of_the_last_stretch() -> None:
    found = converter().convert("ab", TO_LOG, return_gradients=True)
    assert (str(found.source), str(found.target)) == ("{Hidden}", "{Log}")
    assert found.gradients.keys() == {"hidden"}
    wanted = native("ab", np.ones(2, np.float32))
    np.testing.assert_allclose(of_hidden(found), wanted, rtol=1e-5)
    assert found.cotangent["vector"].tolist() == [1, 1]


def test_the_value_is_what_converting_without_gradients_gives() -> None:
    opened = converter()
    value, found = opened.convert("ab", TO_LOG), opened.convert(
        "ab", TO_LOG, return_gradients=True
    )  # fmt: skip
    assert isinstance(value, dict)
    assert isinstance(found.value, dict)
    first, second = (np.asarray(each["vector"], np.float32) for each in (found.value, value))
    np.testing.assert_allclose(first, second, rtol=1e-6)


@pytest.mark.parametrize("named", [True, False])
def test_a_cotangent_weighs_what_stands_at_the_end(*, named: bool) -> None:
    weights = np.array([2.0, -1.0], np.float32)
    cotangent = {"vector": weights} if named else weights
    found = converter().convert("ab", TO_LOG, return_gradients=True, cotangent=cotangent)
    np.testing.assert_allclose(
        of_hidden(found), native("ab", weights), rtol=1e-5
    )  # fmt: skip


def test_each_value_of_a_batch_has_gradients_of_its_own_length() -> None:
    texts, weights = ["abc", "ab"], [None, np.array([0.0, 3.0], np.float32)]
    found = list(
        converter().convert_many(texts, TO_LOG, return_gradients=True, cotangents=weights)
    )
    for each, text, given in zip(found, texts, weights, strict=True):
        wanted = native(text, np.ones(2, np.float32) if given is None else given)
        np.testing.assert_allclose(of_hidden(each), wanted, rtol=1e-5)


def test_a_latent_can_be_the_start_of_the_path() -> None:
    found = converter().convert(hidden("ab"), SUM_AND_LOG, return_gradients=True)
    assert isinstance(found, Gradients)
    assert found.gradients["hidden"].shape == (2, 2)


def test_a_stretch_that_begins_with_integers_alone_has_no_gradient() -> None:
    tokens_only = path(CODES, EMBEDDER)
    with pytest.raises(NoGradientError, match=r"no floating tensor \(tokens is tokens: int64"):
        converter().convert("ab", tokens_only, return_gradients=True)


def test_a_path_of_oracles_alone_has_no_gradient() -> None:
    only = path(oracle("Upper"))
    with pytest.raises(NoGradientError, match="no segment lies on it"):
        converter().convert("ab", only, return_gradients=True)


def test_a_cotangent_of_another_shape_or_name_is_refused() -> None:
    wrong = np.ones((3, 2), np.float32)
    with pytest.raises(NoGradientError, match=r"has the shape \(3, 2\); give .* \(2,\)"):
        converter().convert("ab", TO_LOG, return_gradients=True, cotangent=wrong)
    with pytest.raises(NoGradientError, match="the cotangent has 'logits'; give 'vector'"):
        converter().convert("ab", TO_LOG, return_gradients=True, cotangent={"logits": wrong})


def test_a_missing_cotangent_is_told_by_its_index() -> None:
    given = converter().convert_many(
        ["ab", "ba"], TO_LOG, return_gradients=True, cotangents=[None]
    )
    with pytest.raises(ConversionError, match="for value 1: there is no cotangent"):
        list(given)
