"""Texts that a file carries, and that change nothing else of it."""

import pytest

from tests.registry.registry_worlds import onnx_file
from transcoder.errors import InvalidModelError
from transcoder.interchange import read_metadata, read_signature, with_metadata


def test_texts_are_added_and_replaced_and_the_graph_stays() -> None:
    once = with_metadata(onnx_file(), {"a": "1", "b": "2"}, "T")
    twice = with_metadata(once, {"a": "3"}, "T")
    assert read_metadata(onnx_file(), "T") == {}
    assert read_metadata(twice, "T") == {"a": "3", "b": "2"}
    assert read_signature(twice, "T").inputs == read_signature(onnx_file(), "T").inputs
    assert with_metadata(onnx_file(), {"b": "2", "a": "1"}, "T") == once


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(InvalidModelError):
        with_metadata(b"nothing", {"a": "1"}, "T")
