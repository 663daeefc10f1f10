"""Rows that a function yields."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from transcoder.data import load_table
from transcoder.errors import DataError, OracleNotAllowedError
from transcoder.vocabulary import (
    Catalog,
    Column,
    Dataset,
    JsonValue,
    Modality,
    ModalityEntry,
    ModalityType,
    Payload,
)

TEXT = Modality.parse("text<en>")
CATALOG = Catalog(
    modality_types={"text": ModalityType("text", ("L",), Payload.TEXT)},
    modalities={TEXT: ModalityEntry(TEXT)},
)
HERE = (__name__,)


def numbers(count: int = 30) -> Iterator[dict[str, object]]:
    """Yield words with a column that nobody asked for."""
    for number in range(count):
        yield {"word": f"number {number}", "other": number}


def broken() -> Iterator[dict[str, object]]:
    """Fail at the second row."""
    yield {"word": "one"}
    raise RuntimeError("the well is dry")


def _dataset(function: str, **parameters: int) -> Dataset:
    options: dict[str, JsonValue] = {
        "entry_point": f"{__name__}:{function}",
        "parameters": dict(parameters),
    }
    return Dataset("yielded", "words", "generator", options, (Column("word", TEXT),), group="")


def test_rows_are_what_the_function_yields() -> None:
    table = load_table(_dataset("numbers", count=40), CATALOG, allow=HERE)
    assert len(table) == 40
    assert list(table.column("word")[38:]) == ["number 38", "number 39"]


def test_equal_rows_have_one_fingerprint_and_others_another() -> None:
    prints = [
        load_table(_dataset("numbers", count=count), CATALOG, allow=HERE).fingerprint
        for count in (30, 30, 31)
    ]
    assert prints[0] == prints[1] != prints[2]


def test_code_that_nobody_allowed_does_not_run() -> None:
    with pytest.raises(OracleNotAllowedError, match="may not run: its module is not among"):
        load_table(_dataset("numbers"), CATALOG, allow=("transcoder.oracles",))


def test_code_that_an_allowed_module_has_only_imported_does_not_run() -> None:
    with pytest.raises(OracleNotAllowedError, match=r"'dataclasses:replace' may not run"):
        load_table(_dataset("replace"), CATALOG, allow=HERE)


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        (_dataset("broken"), "its function fails: the well is dry"),
        (_dataset("numbers", count=0), "yield"),
        (
            _dataset("numbers", length=3),
            "its function fails: .*unexpected keyword argument 'length'",
        ),
        (_dataset("nothing"), "is not there"),
        (replace(_dataset("numbers"), options={}), "package.module:function"),
        (
            replace(_dataset("numbers"), columns=(Column("lost", TEXT),)),
            r"row 0 has no 'lost'; it has \['other', 'word'\]",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence(dataset: Dataset, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load_table(dataset, CATALOG, allow=HERE)
